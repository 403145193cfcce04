// Attention over the near pairs of one SO3krates layer, and its derivative: `attention.py` states the equations, whose
// numbers stand here too. Every pair is read once as i → j and j → i; nothing with a row per pair and a column per
// channel ever leaves the first-level cache.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "lanes.h"
#include "parts.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

constexpr int COLUMNS = LANES / 8;  // vectors of results that stay in registers for each pair of a tile
constexpr int TILE = 8;           // pairs whose filters are computed together
constexpr int MOST = 16;          // degrees
constexpr int MOST_ORDERS = 64;  // of all degrees together

struct Branch {
  int heads, width, channels;  // channels = heads · width
  int row;                     // queries, keys and, of the features, values of one head and one atom
  const float* nodes;          // [heads, atoms, row]
  const float* table;          // [knots, 3, channels]: the radial part of the filter, the step to the next knot, and
                               // the slope times the spacing
  const float* first;          // [degrees, hidden]
  const float* bias;           // [hidden]
  const float* second;         // [hidden, channels]
  const float* turned;         // [channels, hidden], the same transposed
};

struct Layer {
  int atoms, pairs, orders, degrees, hidden, knots;
  float spacing;
  float member[MOST][MOST_ORDERS];  // 1 where an order belongs to a degree
  float norm[MOST], parity[MOST];   // 1/√(2l+1) and (-1)^l by degree
  Branch branch[2];
  const float *ev, *r, *weight, *harmonics;
  const int32_t *i, *j;

  int64_t place(int b, int head, int64_t atom) const { return (int64_t(head) * atoms + atom) * branch[b].row; }
};

// Weights for the filter at a distance and for its derivative of what the table has: the value before it, the step to
// the value behind it, the slopes there and there. (From the two values instead, the derivative would lose digits.)
struct Place {
  int64_t interval;
  float value[3], slope[3];  // of step and slopes; the weight of the value itself is 1 and 0
};

Place place(const Layer& l, float r) {
  Place at;
  float x = r / l.spacing;
  const float last = float(l.knots - 2);
  if (!(x > 0)) x = 0;  // NaN among them: the weight of the pair carries it on
  at.interval = int64_t(std::min(x, last));
  const float t = std::min(x - float(at.interval), 1.0f), t2 = t * t, t3 = t2 * t, per = 1 / l.spacing;
  const float value[3] = {3 * t2 - 2 * t3, t3 - 2 * t2 + t, t3 - t2};  // (2)
  const float slope[3] = {6 * t - 6 * t2, 3 * t2 - 4 * t + 1, 3 * t2 - 2 * t};
  for (int n = 0; n < 3; n++) at.value[n] = value[n], at.slope[n] = per * slope[n];
  return at;
}

// out[t] = start[t] + in[t] · matrix for the pairs of a tile; in [TILE, inner], matrix [inner, outer]
template <class Start>
inline void product(const float* in, int inner, const float* matrix, int outer, float* out, const Start& start) {
  for (int c = 0; c < outer; c += COLUMNS * LANES) {
    const int columns = std::min(COLUMNS, (outer - c) / LANES);
    if (columns == COLUMNS) {
      Vector total[TILE][COLUMNS];
#pragma GCC unroll 8
      for (int t = 0; t < TILE; t++)
#pragma GCC unroll 2
        for (int v = 0; v < COLUMNS; v++) total[t][v] = start(t, c + v * LANES);
      for (int k = 0; k < inner; k++) {
        Vector m[COLUMNS];
#pragma GCC unroll 2
        for (int v = 0; v < COLUMNS; v++) m[v] = load(matrix + int64_t(k) * outer + c + v * LANES);
#pragma GCC unroll 8
        for (int t = 0; t < TILE; t++) {
          const Vector x = all(in[t * inner + k]);
#pragma GCC unroll 2
          for (int v = 0; v < COLUMNS; v++) total[t][v] += x * m[v];
        }
      }
#pragma GCC unroll 8
      for (int t = 0; t < TILE; t++)
#pragma GCC unroll 2
        for (int v = 0; v < COLUMNS; v++) store(out + t * outer + c + v * LANES, total[t][v]);
    } else {
      Vector total[TILE];
#pragma GCC unroll 8
      for (int t = 0; t < TILE; t++) total[t] = start(t, c);
      for (int k = 0; k < inner; k++) {
        const Vector m = load(matrix + int64_t(k) * outer + c);
#pragma GCC unroll 8
        for (int t = 0; t < TILE; t++) total[t] += in[t * inner + k] * m;
      }
#pragma GCC unroll 8
      for (int t = 0; t < TILE; t++) store(out + t * outer + c, total[t]);
    }
  }
}

// Up to TILE pairs and all that is made of them before attention
struct Tile {
  int count = 0;
  int64_t pair[TILE];
  Place at[TILE];
  float apart[TILE][MOST_ORDERS];      // ev_j - ev_i
  std::vector<float> w[2];             // [TILE, channels]
  std::vector<float> active[2];        // [TILE, hidden]
  std::vector<float> slope[2];         // [TILE, hidden], of the activation

  explicit Tile(const Layer& l) {
    for (int b = 0; b < 2; b++) {
      w[b].resize(TILE * l.branch[b].channels);
      active[b].resize(TILE * l.hidden);
      slope[b].resize(TILE * l.hidden);
    }
  }

  // The next pairs that have a weight, from `next` on; what is left empty repeats the last
  bool fill(const Layer& l, int64_t& next, int64_t end) {
    for (count = 0; count < TILE && next < end; next++)
      if (l.weight[next] != 0) pair[count++] = next;
    if (count == 0) return false;
    for (int t = count; t < TILE; t++) pair[t] = pair[count - 1];
    for (int t = 0; t < TILE; t++) at[t] = place(l, l.r[pair[t]]);
    if (l.hidden) contrast(l);
    for (int b = 0; b < 2; b++) {
      const Branch& branch = l.branch[b];
      const int channels = branch.channels;
      product(active[b].data(), l.hidden, branch.second, channels, w[b].data(), [&](int t, int c) {
        const float* row = branch.table + at[t].interval * 3 * channels + c;
        const float* x = at[t].value;
        return load(row) + (x[0] * load(row + channels) + x[1] * load(row + 2 * channels) + x[2] * load(row + 5 * channels));
      });  // (1)
    }
    return true;
  }

 private:
  void contrast(const Layer& l) {
    for (int t = 0; t < TILE; t++) {
      const float *to = l.ev + int64_t(l.i[pair[t]]) * l.orders, *from = l.ev + int64_t(l.j[pair[t]]) * l.orders;
      Vector by_degree[MOST] = {};
      for (int m = 0; m < l.orders; m += LANES) {
        const Vector x = load(from + m) - load(to + m);
        store(&apart[t][m], x);
        for (int d = 0; d < l.degrees; d++) by_degree[d] += x * x * load(&l.member[d][m]);
      }
      float inv[MOST];
      for (int d = 0; d < l.degrees; d++) inv[d] = l.norm[d] * sum(by_degree[d]);
      for (int b = 0; b < 2; b++)
        for (int k = 0; k < l.hidden; k += LANES) {
          Vector x = load(l.branch[b].bias + k);
          for (int d = 0; d < l.degrees; d++) x += inv[d] * load(l.branch[b].first + d * l.hidden + k);
          const Vector s = 1 / (1 + exponential(-x));
          store(&active[b][t * l.hidden + k], x * s);
          store(&slope[b][t * l.hidden + k], s * (1 + x * (1 - s)));
        }
    }
  }
};

// ⟨q_i, w k_j⟩ and ⟨q_j, w k_i⟩ of one head
inline void scores(const float* at_i, const float* at_j, const float* w, int width, float& to_i, float& to_j) {
  Vector one{}, two{};
  for (int c = 0; c < width; c += LANES) {
    const Vector f = load(w + c);
    one += load(at_i + c) * f * load(at_j + width + c);
    two += load(at_j + c) * f * load(at_i + width + c);
  }
  to_i = sum(one), to_j = sum(two);
}

void attend(const Layer& l, int64_t begin, int64_t end, float* x, float* ev) {
  Tile tile(l);
  const Branch &features = l.branch[0], &euclidean = l.branch[1];
  const int width = features.width;
  for (int64_t next = begin; tile.fill(l, next, end);)
    for (int t = 0; t < tile.count; t++) {
      const int64_t p = tile.pair[t], i = l.i[p], j = l.j[p];
      const float u = l.weight[p];
      float to_i, to_j;
      for (int h = 0; h < features.heads; h++) {
        const float *at_i = features.nodes + l.place(0, h, i), *at_j = features.nodes + l.place(0, h, j);
        scores(at_i, at_j, &tile.w[0][t * features.channels + h * width], width, to_i, to_j);
        to_i *= u, to_j *= u;  // (3)
        float *x_i = x + i * features.channels + h * width, *x_j = x + j * features.channels + h * width;
        for (int c = 0; c < width; c += LANES) {
          add(x_i + c, to_i * load(at_j + 2 * width + c));  // (4)
          add(x_j + c, to_j * load(at_i + 2 * width + c));
        }
      }
      Vector pull_i[MOST_ORDERS / LANES] = {}, pull_j[MOST_ORDERS / LANES] = {};
      for (int d = 0; d < euclidean.heads; d++) {
        scores(euclidean.nodes + l.place(1, d, i), euclidean.nodes + l.place(1, d, j),
               &tile.w[1][t * euclidean.channels + d * euclidean.width], euclidean.width, to_i, to_j);
        to_i *= u, to_j *= u * l.parity[d];
        for (int m = 0; m < l.orders; m += LANES) {
          pull_i[m / LANES] += to_i * load(&l.member[d][m]);
          pull_j[m / LANES] += to_j * load(&l.member[d][m]);
        }
      }
      for (int m = 0; m < l.orders; m += LANES) {
        const Vector y = load(l.harmonics + p * l.orders + m);
        add(ev + i * l.orders + m, pull_i[m / LANES] * y);  // (5)
        add(ev + j * l.orders + m, pull_j[m / LANES] * y);
      }
    }
}

struct Gradients {
  float *nodes, *ev;              // of the features and then the Euclidean variables; [atoms, orders]: added to
  float *r, *weight, *harmonics;  // [pairs, …], written for pairs that have a weight
};

// One head of one pair, from ∂E/∂α of its two directions: gradients of queries and keys; of the filter into `dw`; of
// weight and distance, to be summed over channels
inline void back(const float* at_i, const float* at_j, const float* w, const float* row, int channels, int width,
                 const Place& at, float u, float da_i, float da_j, float* to_i, float* to_j, float* dw, Vector& du,
                 Vector& dr) {
  const Vector one = all(u * da_i), two = all(u * da_j);
  const float* s = at.slope;
  for (int c = 0; c < width; c += LANES) {
    const Vector qi = load(at_i + c), qj = load(at_j + c), f = load(w + c);
    const Vector ki = load(at_i + width + c), kj = load(at_j + width + c);
    const Vector whole = one * (qi * kj) + two * (qj * ki);
    store(dw + c, whole);
    du += whole * f;
    dr += whole * (s[0] * load(row + channels + c) + s[1] * load(row + 2 * channels + c) +
                   s[2] * load(row + 5 * channels + c));
    const Vector first = one * f, second = two * f;
    add(to_i + c, first * kj);
    add(to_j + width + c, first * qi);
    add(to_j + c, second * ki);
    add(to_i + width + c, second * qj);
  }
}

void attend_back(const Layer& l, int64_t begin, int64_t end, const float* gx, const float* gev, const Gradients& g) {
  Tile tile(l);
  const Branch &features = l.branch[0], &euclidean = l.branch[1];
  float* const turned = g.nodes + l.place(0, features.heads, 0);  // where the gradients of the second branch begin
  const int width = features.width, wide = euclidean.width;
  std::vector<float> dw[2], hidden(TILE * l.hidden);
  for (int b = 0; b < 2; b++) dw[b].resize(TILE * l.branch[b].channels);
  for (int64_t next = begin; tile.fill(l, next, end);) {
    for (int t = 0; t < tile.count; t++) {
      const int64_t p = tile.pair[t], i = l.i[p], j = l.j[p];
      const Place& at = tile.at[t];
      const float u = l.weight[p];
      Vector du{}, dr{};
      for (int h = 0; h < features.heads; h++) {
        const int64_t of_i = l.place(0, h, i), of_j = l.place(0, h, j);
        const float *at_i = features.nodes + of_i, *at_j = features.nodes + of_j;
        const float* w = &tile.w[0][t * features.channels + h * width];
        const float *gi = gx + i * features.channels + h * width, *gj = gx + j * features.channels + h * width;
        float *to_i = g.nodes + of_i, *to_j = g.nodes + of_j, a_i, a_j;
        scores(at_i, at_j, w, width, a_i, a_j);
        Vector one{}, two{};
        for (int c = 0; c < width; c += LANES) {
          const Vector from_i = load(gi + c), from_j = load(gj + c);
          one += from_i * load(at_j + 2 * width + c);
          two += from_j * load(at_i + 2 * width + c);
          add(to_j + 2 * width + c, u * a_i * from_i);
          add(to_i + 2 * width + c, u * a_j * from_j);
        }
        back(at_i, at_j, w, features.table + at.interval * 3 * features.channels + h * width, features.channels, width,
             at, u, sum(one), sum(two), to_i, to_j, &dw[0][t * features.channels + h * width], du, dr);
      }
      Vector pull_i[MOST_ORDERS / LANES] = {}, pull_j[MOST_ORDERS / LANES] = {};
      const float *y = l.harmonics + p * l.orders, *ei = gev + i * l.orders, *ej = gev + j * l.orders;
      for (int d = 0; d < euclidean.heads; d++) {
        const int64_t of_i = l.place(1, d, i), of_j = l.place(1, d, j);
        const float *at_i = euclidean.nodes + of_i, *at_j = euclidean.nodes + of_j;
        const float* w = &tile.w[1][t * euclidean.channels + d * wide];
        float a_i, a_j;
        scores(at_i, at_j, w, wide, a_i, a_j);
        Vector one{}, two{};
        for (int m = 0; m < l.orders; m += LANES) {
          const Vector member = load(&l.member[d][m]), seen = member * load(y + m);
          pull_i[m / LANES] += u * a_i * member, pull_j[m / LANES] += u * a_j * l.parity[d] * member;
          one += load(ei + m) * seen, two += load(ej + m) * seen;
        }
        back(at_i, at_j, w, euclidean.table + at.interval * 3 * euclidean.channels + d * wide, euclidean.channels, wide,
             at, u, sum(one), l.parity[d] * sum(two), turned + of_i, turned + of_j,
             &dw[1][t * euclidean.channels + d * wide], du, dr);
      }
      for (int m = 0; m < l.orders; m += LANES)
        store(g.harmonics + p * l.orders + m, pull_i[m / LANES] * load(ei + m) + pull_j[m / LANES] * load(ej + m));
      g.weight[p] = sum(du) / u, g.r[p] = sum(dr);
    }
    if (!l.hidden) continue;
    float contrast[TILE][MOST] = {};
    for (int b = 0; b < 2; b++) {
      product(dw[b].data(), l.branch[b].channels, l.branch[b].turned, l.hidden, hidden.data(),
              [](int, int) { return Vector{}; });
      for (int t = 0; t < tile.count; t++)
        for (int d = 0; d < l.degrees; d++) {
          Vector total{};
          for (int k = 0; k < l.hidden; k += LANES)
            total += load(&hidden[t * l.hidden + k]) * load(&tile.slope[b][t * l.hidden + k]) *
                     load(l.branch[b].first + d * l.hidden + k);
          contrast[t][d] += sum(total);
        }
    }
    for (int t = 0; t < tile.count; t++) {
      float *to_i = g.ev + int64_t(l.i[tile.pair[t]]) * l.orders, *to_j = g.ev + int64_t(l.j[tile.pair[t]]) * l.orders;
      for (int m = 0; m < l.orders; m += LANES) {
        Vector x{};
        for (int d = 0; d < l.degrees; d++) x += 2 * l.norm[d] * contrast[t][d] * load(&l.member[d][m]);
        x *= load(&tile.apart[t][m]);
        add(to_j + m, x), add(to_i + m, -x);
      }
    }
  }
}

using Floats = ffi::Buffer<ffi::F32>;
using Indices = ffi::Buffer<ffi::S32>;
using Sizes = ffi::Span<const int64_t>;

// `weights`: table, first, bias, second, turned of the two branches, one after the other
ffi::Error describe(Layer& l, Sizes orders, float spacing, const Floats& features, const Floats& euclidean,
                    const Floats& ev, const Indices& i, const Indices& j, const Floats& r, const Floats& weight,
                    const Floats& harmonics, const std::array<const Floats*, 10>& weights) {
  const Floats* nodes[2] = {&features, &euclidean};
  l.atoms = int(ev.dimensions()[0]), l.orders = int(ev.dimensions()[1]), l.pairs = int(r.element_count());
  l.degrees = int(orders.size()), l.knots = int(weights[0]->dimensions()[0]), l.spacing = spacing;
  l.hidden = int(weights[2]->element_count());
  for (int b = 0; b < 2; b++) {
    Branch& branch = l.branch[b];
    branch.nodes = nodes[b]->typed_data(), branch.heads = int(nodes[b]->dimensions()[0]);
    branch.row = int(nodes[b]->dimensions()[2]), branch.channels = int(weights[5 * b]->dimensions()[2]);
    branch.width = branch.channels / branch.heads;
    branch.table = weights[5 * b]->typed_data(), branch.first = weights[5 * b + 1]->typed_data();
    branch.bias = weights[5 * b + 2]->typed_data(), branch.second = weights[5 * b + 3]->typed_data();
    branch.turned = weights[5 * b + 4]->typed_data();
    if (branch.width % 16 || branch.row != (3 - b) * branch.width)
      return ffi::Error::InvalidArgument("attention: the kernel needs heads of a multiple of 16 channels");
  }
  if (l.degrees != l.branch[1].heads || l.degrees > MOST || l.hidden % 16 || l.orders % 16 || l.orders > MOST_ORDERS)
    return ffi::Error::InvalidArgument("attention: degrees, orders or hidden units that the kernel is not made for");
  std::fill_n(&l.member[0][0], MOST * MOST_ORDERS, 0.0f);
  for (int d = 0, m = 0; d < l.degrees; d++) {
    for (int64_t n = 0; n < orders[d]; n++) l.member[d][m++] = 1;
    l.norm[d] = 1 / std::sqrt(float(orders[d])), l.parity[d] = (orders[d] / 2) % 2 ? -1.0f : 1.0f;
  }
  l.ev = ev.typed_data(), l.r = r.typed_data(), l.weight = weight.typed_data();
  l.harmonics = harmonics.typed_data(), l.i = i.typed_data(), l.j = j.typed_data();
  return ffi::Error::Success();
}

ffi::Error Forward(ffi::ThreadPool pool, Sizes orders, float spacing, Floats features, Floats euclidean, Floats ev, Indices i,
                   Indices j, Floats r, Floats weight, Floats harmonics, Floats t0, Floats f0, Floats b0, Floats s0,
                   Floats u0, Floats t1, Floats f1, Floats b1, Floats s1, Floats u1, ffi::Result<Floats> x,
                   ffi::Result<Floats> pulled) {
  Layer l;
  ffi::Error error = describe(l, orders, spacing, features, euclidean, ev, i, j, r, weight, harmonics,
                              {&t0, &f0, &b0, &s0, &u0, &t1, &f1, &b1, &s1, &u1});
  if (error.failure()) return error;
  by_parts(pool, l.pairs, x->element_count(), x->typed_data(), pulled->element_count(), pulled->typed_data(),
           [&](int64_t begin, int64_t end, float* one, float* two) { attend(l, begin, end, one, two); });
  return ffi::Error::Success();
}

ffi::Error Backward(ffi::ThreadPool pool, Sizes orders, float spacing, Floats features, Floats euclidean, Floats ev,
                    Indices i, Indices j, Floats r, Floats weight, Floats harmonics, Floats t0, Floats f0, Floats b0,
                    Floats s0, Floats u0, Floats t1, Floats f1, Floats b1, Floats s1, Floats u1, Floats gx, Floats gev,
                    ffi::Result<Floats> to_nodes, ffi::Result<Floats> to_ev, ffi::Result<Floats> to_r,
                    ffi::Result<Floats> to_weight, ffi::Result<Floats> to_harmonics) {
  Layer l;
  ffi::Error error = describe(l, orders, spacing, features, euclidean, ev, i, j, r, weight, harmonics,
                              {&t0, &f0, &b0, &s0, &u0, &t1, &f1, &b1, &s1, &u1});
  if (error.failure()) return error;
  float *dr = to_r->typed_data(), *du = to_weight->typed_data(), *dy = to_harmonics->typed_data();
  by_parts(pool, l.pairs, to_nodes->element_count(), to_nodes->typed_data(), to_ev->element_count(),
           to_ev->typed_data(), [&](int64_t begin, int64_t end, float* one, float* two) {
             std::fill(dr + begin, dr + end, 0.0f), std::fill(du + begin, du + end, 0.0f);
             std::fill(dy + begin * l.orders, dy + end * l.orders, 0.0f);
             attend_back(l, begin, end, gx.typed_data(), gev.typed_data(), {one, two, dr, du, dy});
           });
  return ffi::Error::Success();
}

template <class Binding>
auto given(Binding binding) {
  return std::move(binding)
      .template Attr<Sizes>("orders")
      .template Attr<float>("spacing")
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(attend_forward, Forward,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Ret<Floats>().Ret<Floats>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(attend_backward, Backward,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>())
                                  .Arg<Floats>()
                                  .Arg<Floats>()
                                  .Ret<Floats>()
                                  .Ret<Floats>()
                                  .Ret<Floats>()
                                  .Ret<Floats>()
                                  .Ret<Floats>());
