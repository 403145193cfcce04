// The networks of ANI, and what the energies change with their inputs: `networks.py` states the equations. A few atoms
// of one element go through all layers of one member and back again at a time, so that weights are read from memory once
// in each direction. An input block in which all of these atoms have zeros, as where they have no such neighbours, is
// left out, and so are the slopes by it: what is zero there stays zero when atoms move.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "parts.h"
#include "precisions.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

using Indices = ffi::Buffer<ffi::S32>;
using Flags = ffi::Buffer<ffi::PRED>;
using Sizes = ffi::Span<const int64_t>;

constexpr int PANEL = 16;  // columns of a matrix that lie together: [panels, rows, PANEL]
constexpr double ALPHA = 0.1;
constexpr int WORTH = 4;  // tiles that are worth a thread

// Rows of a tile, and the most panels whose results stay in registers for so many rows
template <class Real>
constexpr int ROWS = LANES == 16 ? 12 : sizeof(Real) == 4 ? 6 : 3;

template <class Real>
constexpr int most_panels(int rows) {
  const int vectors = PANEL / Lanes<Real>::COUNT, registers = LANES == 16 ? 24 : 12;
  int panels = 8;
  while (panels > 1 && panels * rows * vectors > registers) panels /= 2;
  return panels;
}

struct Run {
  int begin, end;  // multiples of PANEL
};

// out[t, c] = start[c] + Σ_k in[t, k] · matrix[k, c] for rows t, k of the runs, and COLUMNS panels from c on
template <class Real, int T, int COLUMNS>
inline void panels(const Real* in, const std::vector<Run>& runs, const Real* matrix, int height, int c,
                   const Real* start, Real* out, int stride) {
  constexpr int EACH = PANEL / Lanes<Real>::COUNT;
  const Real* from[COLUMNS];
  Wide<Real> total[T][COLUMNS * EACH];
  for (int p = 0; p < COLUMNS; p++) from[p] = matrix + (int64_t(c) + p * PANEL) * height;
#pragma GCC unroll 16
  for (int v = 0; v < COLUMNS * EACH; v++) {
    const Wide<Real> first = start ? read(start + c + v * Lanes<Real>::COUNT) : Wide<Real>{};
#pragma GCC unroll 12
    for (int t = 0; t < T; t++) total[t][v] = first;
  }
  for (const Run& run : runs) {
    for (int k = run.begin; k < run.end; k++) {
      Wide<Real> m[COLUMNS * EACH];
#pragma GCC unroll 16
      for (int v = 0; v < COLUMNS * EACH; v++)
        m[v] = read(from[v / EACH] + k * PANEL + v % EACH * Lanes<Real>::COUNT);
#pragma GCC unroll 12
      for (int t = 0; t < T; t++) {
        const Wide<Real> x = filled(in[t * stride + k]);
#pragma GCC unroll 16
        for (int v = 0; v < COLUMNS * EACH; v++) total[t][v] += x * m[v];
      }
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < T; t++)
#pragma GCC unroll 16
    for (int v = 0; v < COLUMNS * EACH; v++) write(out + t * stride + c + v * Lanes<Real>::COUNT, total[t][v]);
}

// The same for the columns of other runs, most of them at once
template <class Real, int T, int COLUMNS>
inline void some(const Real* in, const std::vector<Run>& runs, const Real* matrix, int height, Run to,
                const Real* start, Real* out, int stride) {
  for (; to.begin + COLUMNS * PANEL <= to.end; to.begin += COLUMNS * PANEL)
    panels<Real, T, COLUMNS>(in, runs, matrix, height, to.begin, start, out, stride);
  if constexpr (COLUMNS > 1) some<Real, T, COLUMNS / 2>(in, runs, matrix, height, to, start, out, stride);
}

template <class Real, int T>
void product(const Real* in, const std::vector<Run>& runs, const Real* matrix, int height, const std::vector<Run>& to,
             const Real* start, Real* out, int stride) {
  for (const Run& run : to) some<Real, T, most_panels<Real>(T)>(in, runs, matrix, height, run, start, out, stride);
}

// The networks of one element: in each member, for every layer the matrix for the way there, the one for the way back
// and the bias; at the end the weights of the last layer, and its bias with PANEL - 1 zeros
template <class Real>
struct Element {
  std::vector<int> widths;  // of the inputs and the hidden layers
  const Real* weights;

  int64_t size() const {
    int64_t total = widths.back() + PANEL;
    for (size_t n = 1; n < widths.size(); n++) total += int64_t(2) * widths[n - 1] * widths[n] + widths[n];
    return total;
  }
};

// Atoms of one element that go together, and the inputs that they have
template <class Real>
struct Tile {
  std::vector<int64_t> atoms;
  std::vector<Run> runs;
  std::vector<Real> inputs;  // [rows, stride]
};

template <class Real>
struct Task {
  int members, width;
  const Real *x, *pull;  // [atoms, width] and, where slopes are wanted, [atoms, members]
  Real *energies, *slopes;
};

// CELU, and its slope from its value
template <class Real>
inline void activate(Real* x, int64_t count) {
  for (int64_t n = 0; n < count; n += Lanes<Real>::COUNT) {
    const Wide<Real> now = read(x + n), low = Real(ALPHA) * (exponential(now / Real(ALPHA)) - Real(1));
    write(x + n, now > 0 ? now : low);
  }
}

template <class Real>
inline void times_slope(Real* g, const Real* value, int64_t count) {
  for (int64_t n = 0; n < count; n += Lanes<Real>::COUNT) {
    const Wide<Real> now = read(value + n), low = now * Real(1 / ALPHA) + Real(1);
    write(g + n, read(g + n) * (now > 0 ? filled(Real(1)) : low));
  }
}

// One tile through one member, T rows at a stride of the widest layer; `room` has T rows for every layer and one more
template <class Real, int T>
void through(const Task<Real>& task, const Element<Real>& element, const Tile<Real>& tile, int member, Real* room,
             int stride) {
  const auto& widths = element.widths;
  const int layers = int(widths.size()) - 1, rows = int(tile.atoms.size());
  const auto all = [&](int n) { return n ? std::vector<Run>{{0, widths[n]}} : tile.runs; };
  const auto values = [&](int n) { return room + int64_t(n - 1) * T * stride; };
  const auto into = [&](int n) -> const Real* { return n ? values(n) : tile.inputs.data(); };
  const Real* at = element.weights + member * element.size();
  std::vector<const Real*> back(layers + 1);
  for (int n = 0; n < layers; n++) {
    const int64_t size = int64_t(widths[n]) * widths[n + 1];
    product<Real, T>(into(n), all(n), at, widths[n], all(n + 1), at + 2 * size, values(n + 1), stride);
    for (int t = 0; t < T; t++) activate(values(n + 1) + t * stride, widths[n + 1]);
    back[n] = at + size, at += 2 * size + widths[n + 1];
  }
  for (int t = 0; t < rows; t++) {
    Wide<Real> total{};
    for (const Run& run : all(layers))
      for (int k = run.begin; k < run.end; k += Lanes<Real>::COUNT)
        total += read(at + k) * read(into(layers) + t * stride + k);
    task.energies[tile.atoms[t] * task.members + member] = sum(total) + at[widths[layers]];
  }
  if (!task.slopes) return;
  Real *g = values(layers + 1), *next = values(layers + 2);
  for (int t = 0; t < T; t++) {
    const Real pull = t < rows ? task.pull[tile.atoms[t] * task.members + member] : Real(0);
    for (int k = 0; k < widths[layers]; k++) g[t * stride + k] = pull * at[k];
  }
  for (int n = layers; n > 0; n--) {
    for (int t = 0; t < T; t++) times_slope(g + t * stride, values(n) + t * stride, widths[n]);
    product<Real, T>(g, all(n), back[n - 1], widths[n], all(n - 1), nullptr, next, stride);
    std::swap(g, next);
  }
  for (int t = 0; t < rows; t++) {
    Real* to = task.slopes + tile.atoms[t] * task.width;
    for (const Run& run : tile.runs)
      for (int k = run.begin; k < run.end; k += Lanes<Real>::COUNT)
        write(to + k, read(to + k) + read(g + t * stride + k));
  }
}

template <class Real, int T = ROWS<Real>>
void with_rows(int rows, const Task<Real>& task, const Element<Real>& element, const Tile<Real>& tile, int member, Real* room,
               int stride) {
  if constexpr (T > 1 && sizeof(Real) == 4)
    if (rows < T) return with_rows<Real, T - 1>(rows, task, element, tile, member, room, stride);
  through<Real, T>(task, element, tile, member, room, stride);
}

// Atoms of an element, those with the same zeros together, in tiles of about one size
template <class Real>
std::vector<Tile<Real>> tiles(const Task<Real>& task, const std::vector<int64_t>& atoms, Sizes blocks, int stride) {
  const int count = int(blocks.size()) - 1, most = ROWS<Real>;
  std::vector<std::pair<std::string, int64_t>> order;
  for (int64_t atom : atoms) {
    const Real* row = task.x + atom * task.width;
    std::string has(count, '0');
    for (int b = 0; b < count; b++)
      if (std::any_of(row + blocks[b], row + blocks[b + 1], [](Real x) { return x != 0; })) has[b] = '1';
    order.emplace_back(has, atom);
  }
  std::sort(order.begin(), order.end());
  const int64_t many = int64_t(order.size()), parts = (many + most - 1) / most;
  std::vector<Tile<Real>> found(parts);
  for (int64_t part = 0; part < parts; part++) {
    Tile<Real>& tile = found[part];
    tile.inputs.assign(int64_t(most) * stride, Real(0));
    std::string has(count, '0');
    for (int64_t n = many * part / parts; n < many * (part + 1) / parts; n++) {
      const auto& [own, atom] = order[n];
      std::copy_n(task.x + atom * task.width, task.width, &tile.inputs[tile.atoms.size() * stride]);
      tile.atoms.push_back(atom);
      for (int b = 0; b < count; b++) has[b] = std::max(has[b], own[b]);
    }
    for (int b = 0; b < count; b++) {
      if (has[b] == '0') continue;
      if (tile.runs.empty() || tile.runs.back().end != blocks[b]) tile.runs.push_back({int(blocks[b]), 0});
      tile.runs.back().end = int(blocks[b + 1]);
    }
  }
  return found;
}

// All atoms of one element through all members, one member after the other
template <class Real>
void run(ffi::ThreadPool& pool, const Task<Real>& task, const Element<Real>& element,
         const std::vector<int64_t>& atoms, Sizes blocks) {
  const int stride = *std::max_element(element.widths.begin(), element.widths.end());
  const std::vector<Tile<Real>> all = tiles(task, atoms, blocks, stride);
  const int64_t count = int64_t(all.size()), threads = std::max<int64_t>(1, pool.num_threads());
  const int parts = int(std::clamp<int64_t>(count / WORTH, 1, threads));
  share(pool, parts, [&](int part) {
    std::vector<Real> room((element.widths.size() + 1) * ROWS<Real> * stride);
    for (int member = 0; member < task.members; member++)
      for (int64_t n = count * part / parts; n < count * (part + 1) / parts; n++)
        with_rows(int(all[n].atoms.size()), task, element, all[n], member, room.data(), stride);
  });
}

struct Plan {
  Sizes elements, layers, widths, blocks;  // atomic numbers; hidden layers of each; their widths; bounds of input blocks
  int64_t members;
};

template <class Real>
ffi::Error every(ffi::ThreadPool& pool, const Plan& plan, Task<Real> task, int64_t atoms, const int32_t* numbers,
                 const bool* real, const Real* weights, int64_t count) {
  std::fill_n(task.energies, atoms * task.members, Real(0));
  if (task.slopes) std::fill_n(task.slopes, atoms * task.width, Real(0));
  const Real* const end = weights + count;
  for (size_t e = 0, at = 0; e < plan.elements.size(); at += plan.layers[e++]) {
    Element<Real> element{{int(plan.blocks[plan.blocks.size() - 1])}, weights};
    for (int64_t n = 0; n < plan.layers[e]; n++) element.widths.push_back(int(plan.widths[at + n]));
    weights += task.members * element.size();
    std::vector<int64_t> own;
    for (int64_t a = 0; a < atoms; a++)
      if (real[a] && numbers[a] == plan.elements[e]) own.push_back(a);
    if (weights <= end && !own.empty()) run(pool, task, element, own, plan.blocks);
  }
  if (weights != end) return ffi::Error::InvalidArgument("networks: these are not the weights of such networks");
  return ffi::Error::Success();
}

ffi::Error Energies(ffi::ThreadPool pool, Sizes elements, Sizes layers, Sizes widths, Sizes blocks, int64_t members,
                    ffi::AnyBuffer x, Indices numbers, Flags real, ffi::AnyBuffer weights,
                    ffi::Result<ffi::AnyBuffer> energies) {
  const Plan plan{elements, layers, widths, blocks, members};
  const auto with = [&](auto zero) {
    using Real = decltype(zero);
    const Task<Real> task{int(members), int(x.dimensions()[1]), x.typed_data<Real>(), nullptr,
                          energies->typed_data<Real>(), nullptr};
    return every(pool, plan, task, x.dimensions()[0], numbers.typed_data(), real.typed_data(),
                 weights.typed_data<Real>(), int64_t(weights.element_count()));
  };
  return x.element_type() == ffi::F32 ? with(0.0f) : with(0.0);
}

ffi::Error Slopes(ffi::ThreadPool pool, Sizes elements, Sizes layers, Sizes widths, Sizes blocks, int64_t members,
                  ffi::AnyBuffer x, Indices numbers, Flags real, ffi::AnyBuffer weights, ffi::AnyBuffer pull,
                  ffi::Result<ffi::AnyBuffer> energies, ffi::Result<ffi::AnyBuffer> slopes) {
  const Plan plan{elements, layers, widths, blocks, members};
  const auto with = [&](auto zero) {
    using Real = decltype(zero);
    const Task<Real> task{int(members), int(x.dimensions()[1]), x.typed_data<Real>(), pull.typed_data<Real>(),
                          energies->typed_data<Real>(), slopes->typed_data<Real>()};
    return every(pool, plan, task, x.dimensions()[0], numbers.typed_data(), real.typed_data(),
                 weights.typed_data<Real>(), int64_t(weights.element_count()));
  };
  return x.element_type() == ffi::F32 ? with(0.0f) : with(0.0);
}

template <class Binding>
auto given(Binding binding) {
  return std::move(binding)
      .template Attr<Sizes>("elements")
      .template Attr<Sizes>("layers")
      .template Attr<Sizes>("widths")
      .template Attr<Sizes>("blocks")
      .template Attr<int64_t>("members")
      .template Arg<ffi::AnyBuffer>()
      .template Arg<Indices>()
      .template Arg<Flags>()
      .template Arg<ffi::AnyBuffer>();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(ani_networks_forward, Energies,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Ret<ffi::AnyBuffer>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(
    ani_networks_slopes, Slopes,
    given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Arg<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>());
