// Environment vectors of ANI and their derivatives, from pairs: `environment.py` states the equations, whose numbers
// stand here too. Every atom visits its neighbours, and their couples within the angular cutoff; of an atom no more than
// its couples is stored. Differences of positions are taken in double precision.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "neighbourhood.h"
#include "parts.h"
#include "precisions.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

using Indices = ffi::Buffer<ffi::S32>;
using Flags = ffi::Buffer<ffi::PRED>;
using Numbers = ffi::Span<const double>;

constexpr double BLUNT = 0.95;
constexpr int MULTIPLE = 16;  // of numbers in each block of a vector

inline int padded(int64_t count) { return int((count + MULTIPLE - 1) / MULTIPLE * MULTIPLE); }

// What the vectors are made of
struct Functions {
  double radial_cutoff, radial_eta, angular_cutoff, angular_eta, zeta;
  Numbers radial_shifts, shifts, sections;
  ffi::Span<const int64_t> elements;

  int kinds() const { return int(elements.size()); }
  int radial_block() const { return padded(radial_shifts.size()); }
  int angular_block() const { return padded(shifts.size() * sections.size()); }
  int width() const { return kinds() * radial_block() + kinds() * (kinds() + 1) / 2 * angular_block(); }
  int radial(int s) const { return s * radial_block(); }
  int angular(int s, int t) const {  // rows of the upper triangle
    if (s > t) std::swap(s, t);
    return kinds() * radial_block() + (s * kinds() - s * (s - 1) / 2 + t - s) * angular_block();
  }
};

// Work for as many sections as the published models have, and for others
template <class Work>
inline void by_sections(int count, const Work& work) {
  if (count == 8)
    work(std::integral_constant<int, 8>());
  else if (count == 4)
    work(std::integral_constant<int, 4>());
  else
    work(std::integral_constant<int, 0>());
}

// The functions of one atom, in the order of its neighbours
template <class Real>
struct Atom {
  static constexpr int COUNT = Lanes<Real>::COUNT;
  const Functions& f;
  int shifts, sections, many, couples;  // numbers of functions, neighbours and couples within the angular cutoff
  std::vector<Real> radial_shifts, shift, cosines, sines;
  std::vector<int64_t> who;
  std::vector<int> kind;
  std::vector<Real> u[3], r, down, slope;            // of neighbours
  std::vector<Real> c, s, mean, shells, bases, peaks;  // of couples

  explicit Atom(const Functions& f) : f(f), shifts(int(f.shifts.size())), sections(int(f.sections.size())) {
    radial_shifts.assign(f.radial_block(), Real(1e3));
    std::copy(f.radial_shifts.begin(), f.radial_shifts.end(), radial_shifts.begin());
    shift.assign(f.shifts.begin(), f.shifts.end());
    for (double angle : f.sections) cosines.push_back(Real(std::cos(angle))), sines.push_back(Real(std::sin(angle)));
  }

  void take(const Neighbours& n, int64_t atom) {
    many = 0;
    const int64_t most = n.first[atom + 1] - n.first[atom];
    who.resize(most), kind.resize(most), r.resize(most), down.resize(most), slope.resize(most);
    for (auto& axis : u) axis.resize(most);
    for (int64_t at = n.first[atom]; at < n.first[atom + 1]; at++) {
      const Neighbour& one = n.each[at];
      if (one.r >= f.angular_cutoff) continue;
      who[many] = at, kind[many] = one.kind, r[many] = Real(one.r);
      down[many] = Real(one.close.value), slope[many] = Real(one.close.slope);
      for (int x = 0; x < 3; x++) u[x][many] = Real(one.u[x]);
      many++;
    }
    couple();
  }

  // The factors of (2) but for the cutoffs: shells [couples, shifts] and peaks [couples, sections]
  void couple() {
    couples = many * (many - 1) / 2;
    const auto room = [](int64_t count) { return (count + COUNT - 1) / COUNT * COUNT; };
    for (auto* one : {&c, &s, &mean}) one->resize(room(couples));
    shells.resize(room(int64_t(couples) * shifts));
    bases.resize(room(int64_t(couples) * sections)), peaks.resize(bases.size());
    for (int a = 0, t = 0; a < many; a++) {
      for (int b = a + 1; b < many; b++, t++) {
        c[t] = Real(BLUNT) * (u[0][a] * u[0][b] + u[1][a] * u[1][b] + u[2][a] * u[2][b]);  // (3)
        mean[t] = (r[a] + r[b]) / 2;
      }
    }
    for (int t = 0; t < couples; t++) s[t] = std::sqrt(1 - c[t] * c[t]);
    by_sections(sections, [&](auto fixed) { fill<fixed>(); });
    for (size_t n = 0; n < shells.size(); n += COUNT) write(&shells[n], exponential(read(&shells[n])));
    raise();
  }

  template <int SECTIONS>
  void fill() {
    constexpr int EACH = SECTIONS ? SECTIONS : 1;
    typedef typename Few<Real, EACH>::Type Some;
    const int count = SECTIONS ? SECTIONS : sections;
    for (int k = 0; k < count; k += EACH) {
      const Some cosine = some<Some>(&cosines[k]), sine = some<Some>(&sines[k]);
      for (int t = 0; t < couples; t++)
        put(&bases[int64_t(t) * count + k], Real(0.5) * (Real(1) + c[t] * cosine + s[t] * sine));
    }
    for (int t = 0; t < couples; t++) {
      for (int b = 0; b < shifts; b++) {
        const Real off = mean[t] - shift[b];
        shells[int64_t(t) * shifts + b] = -Real(f.angular_eta) * off * off;
      }
    }
  }

  void raise() {
    const Wide<Real> least = filled(Real(1e-20));
    const int whole = f.zeta == std::floor(f.zeta) && f.zeta <= 64 ? int(f.zeta) : 0;
    for (size_t n = 0; n < bases.size(); n += COUNT) {
      Wide<Real> base = read(&bases[n]), power = filled(Real(1));
      base = base > least ? base : least;
      write(&bases[n], base);
      if (whole) {
        for (int left = whole; left; left >>= 1, base = base * base)
          if (left & 1) power = power * base;
      } else {
        power = exponential(Real(f.zeta) * logarithm(base));
      }
      write(&peaks[n], power);
    }
  }
};

// (1) and (2) of one atom into its row
template <class Real>
void describe(Atom<Real>& atom, const Neighbours& n, int64_t a, Real* row) {
  const Functions& f = atom.f;
  const int block = f.radial_block(), sections = atom.sections;
  const Real eta = Real(f.radial_eta);
  for (int64_t at = n.first[a]; at < n.first[a + 1]; at++) {
    const Neighbour& one = n.each[at];
    const Real down = Real(0.25 * one.near.value), r = Real(one.r);
    Real* to = row + f.radial(one.kind);
    for (int k = 0; k < block; k += Lanes<Real>::COUNT) {
      const Wide<Real> off = r - read(&atom.radial_shifts[k]);
      write(to + k, read(to + k) + down * exponential(-eta * off * off));  // (1)
    }
  }
  atom.take(n, a);
  const auto add = [&](auto fixed) {
    constexpr int EACH = fixed ? int(fixed) : 1;
    typedef typename Few<Real, EACH>::Type Some;
    const int count = fixed ? int(fixed) : sections;
    const Real *shells = atom.shells.data(), *peaks = atom.peaks.data();
    for (int j = 0; j < atom.many; j++) {
      for (int k = j + 1; k < atom.many; k++, shells += atom.shifts, peaks += count) {
        Real* to = row + f.angular(atom.kind[j], atom.kind[k]);
        const Real weight = 2 * atom.down[j] * atom.down[k];
        for (int c = 0; c < count; c += EACH) {
          const Some peak = some<Some>(peaks + c) * weight;
          for (int b = 0; b < atom.shifts; b++)
            put(to + b * count + c, some<Some>(to + b * count + c) + shells[b] * peak);  // (2)
        }
      }
    }
  };
  by_sections(sections, add);
}

// The slopes of one couple: by the cosine, the mean distance, and the weight
template <class Real, int SECTIONS>
inline void couple_slopes(const Atom<Real>& atom, int t, const Real* g, Real& by_angle, Real& by_mean, Real& by_weight) {
  constexpr int EACH = SECTIONS ? SECTIONS : 1;
  typedef typename Few<Real, EACH>::Type Some;
  const int count = SECTIONS ? SECTIONS : atom.sections;
  const Real *shells = &atom.shells[int64_t(t) * atom.shifts], eta = -2 * Real(atom.f.angular_eta);
  const Real cotangent = atom.c[t] / atom.s[t], zeta = Real(atom.f.zeta) / 2;
  by_angle = by_mean = by_weight = 0;
  for (int c = 0; c < count; c += EACH) {
    Some weight{}, mean{};
    for (int b = 0; b < atom.shifts; b++) {
      const Some slope = some<Some>(g + b * count + c) * shells[b];
      weight += slope, mean += slope * (eta * (atom.mean[t] - atom.shift[b]));
    }
    const Some peak = some<Some>(&atom.peaks[int64_t(t) * count + c]);
    const Some turned = some<Some>(&atom.cosines[c]) - cotangent * some<Some>(&atom.sines[c]);
    weight *= peak, mean *= peak;
    by_angle += total<Real, EACH>(zeta * weight / some<Some>(&atom.bases[int64_t(t) * count + c]) * turned);
    by_mean += total<Real, EACH>(mean), by_weight += total<Real, EACH>(weight);
  }
}

// Slopes by the unit vectors, distances and cutoff functions of the neighbours of one atom
template <class Real>
struct Slopes {
  std::vector<Real> u[3], r, down;
  std::vector<Real> turn, mean, weight;  // of the couples of one neighbour with those after it

  template <int SECTIONS>
  void take(const Atom<Real>& atom, const Real* row) {
    for (auto* one : {&u[0], &u[1], &u[2], &r, &down}) one->assign(atom.many, 0);
    for (auto* one : {&turn, &mean, &weight}) one->resize(atom.many);
    for (int a = 0, t = 0; a < atom.many; a++) {
      for (int b = a + 1; b < atom.many; b++, t++) {
        const Real* g = row + atom.f.angular(atom.kind[a], atom.kind[b]);
        couple_slopes<Real, SECTIONS>(atom, t, g, turn[b], mean[b], weight[b]);
      }
      spread(atom, a);
    }
  }

  void spread(const Atom<Real>& atom, int a) {
    const Real ux = atom.u[0][a], uy = atom.u[1][a], uz = atom.u[2][a], own = 2 * atom.down[a];
    const Real *x = atom.u[0].data(), *y = atom.u[1].data(), *z = atom.u[2].data(), *fade = atom.down.data();
    Real *gx = u[0].data(), *gy = u[1].data(), *gz = u[2].data(), sum[5] = {};
    for (int b = a + 1; b < atom.many; b++) {
      turn[b] *= Real(BLUNT) * own * fade[b], mean[b] *= own * fade[b] / 2;
      gx[b] += turn[b] * ux, gy[b] += turn[b] * uy, gz[b] += turn[b] * uz;
      r[b] += mean[b], down[b] += own * weight[b];
    }
    for (int b = a + 1; b < atom.many; b++) {
      sum[0] += turn[b] * x[b], sum[1] += turn[b] * y[b], sum[2] += turn[b] * z[b];
      sum[3] += mean[b], sum[4] += 2 * weight[b] * fade[b];
    }
    gx[a] += sum[0], gy[a] += sum[1], gz[a] += sum[2], r[a] += sum[3], down[a] += sum[4];
  }
};

// The slopes by the vectors to the neighbours of one atom, [2 · pairs, 3]: those of a pair and of its mirror
template <class Real>
void pull(Atom<Real>& atom, Slopes<Real>& slopes, const Neighbours& n, int64_t a, const Real* row, double* out) {
  const Functions& f = atom.f;
  const Real eta = Real(f.radial_eta);
  for (int64_t at = n.first[a]; at < n.first[a + 1]; at++) {
    const Neighbour& one = n.each[at];
    const Real down = Real(0.25 * one.near.value), slope = Real(0.25 * one.near.slope), r = Real(one.r);
    const Real* g = row + f.radial(one.kind);
    Wide<Real> total{};
    for (int k = 0; k < f.radial_block(); k += Lanes<Real>::COUNT) {
      const Wide<Real> off = r - read(&atom.radial_shifts[k]), shell = exponential(-eta * off * off);
      total += read(g + k) * shell * (slope - 2 * eta * down * off);
    }
    const double by = double(sum(total)) * (one.r > 0);
    for (int x = 0; x < 3; x++) out[3 * (2 * one.pair + one.side) + x] = by * one.u[x];
  }
  atom.take(n, a);
  by_sections(atom.sections, [&](auto fixed) { slopes.template take<fixed>(atom, row); });
  for (int k = 0; k < atom.many; k++) {
    const Neighbour& one = n.each[atom.who[k]];
    double g[3], along = 0;
    for (int x = 0; x < 3; x++) g[x] = slopes.u[x][k], along += g[x] * one.u[x];
    const double apart = one.r > APART, by = (double(slopes.r[k]) + double(slopes.down[k] * atom.slope[k])) * (one.r > 0);
    for (int x = 0; x < 3; x++)
      out[3 * (2 * one.pair + one.side) + x] +=
          (g[x] - apart * along * one.u[x]) / std::max(one.r, APART) + by * one.u[x];
  }
}

Places places(const ffi::AnyBuffer& positions, const ffi::AnyBuffer& cell, const Indices& owner, const Indices& i,
              const Indices& j, const Indices& image, const Flags& real) {
  return {doubles(positions), doubles(cell), int64_t(owner.element_count()), int64_t(i.element_count() / 2),
          owner.typed_data(), i.typed_data(), j.typed_data(), image.typed_data(), real.typed_data()};
}

Neighbours around(const Functions& f, const Places& p, const Indices& numbers) {
  std::vector<int> kinds(p.atoms, 0);  // that of padding, which has no neighbours, does not matter
  for (int64_t a = 0; a < p.atoms; a++)
    for (int n = 0; n < f.kinds(); n++)
      if (f.elements[n] == numbers.typed_data()[a]) kinds[a] = n;
  return neighbours(p, kinds, f.radial_cutoff, f.angular_cutoff);
}

// Atoms in parts of about as many neighbours
template <class Work>
void by_atoms(ffi::ThreadPool& pool, const Neighbours& n, const Work& work) {
  const int64_t atoms = int64_t(n.first.size()) - 1, threads = std::max<int64_t>(1, pool.num_threads());
  const int parts = int(std::clamp<int64_t>(n.first[atoms] / LEAST_PAIRS, 1, threads));
  const auto start = [&](int part) {
    const auto at = std::lower_bound(n.first.begin(), n.first.end(), n.first[atoms] * part / parts);
    return part < parts ? int64_t(at - n.first.begin()) : atoms;
  };
  share(pool, parts, [&](int part) { work(start(part), start(part + 1)); });
}

template <class Real>
void forward(ffi::ThreadPool& pool, const Functions& f, const Neighbours& n, Real* x) {
  by_atoms(pool, n, [&](int64_t begin, int64_t end) {
    Atom<Real> atom(f);
    std::fill(x + begin * f.width(), x + end * f.width(), Real(0));
    for (int64_t a = begin; a < end; a++) describe(atom, n, a, x + a * f.width());
  });
}

template <class Real, class To>
void backward(ffi::ThreadPool& pool, const Functions& f, const Places& p, const Neighbours& n, const Real* g,
              To* to_positions, To* to_cell) {
  std::vector<double> pulls(6 * p.pairs, 0.0), moved(p.positions.size(), 0.0), boxes(p.cell.size(), 0.0);
  by_atoms(pool, n, [&](int64_t begin, int64_t end) {
    Atom<Real> atom(f);
    Slopes<Real> slopes;
    for (int64_t a = begin; a < end; a++) pull(atom, slopes, n, a, g + a * f.width(), pulls.data());
  });
  for (int64_t pair = 0; pair < p.pairs; pair++) {
    const int64_t i = p.i[pair], j = p.j[pair], box = 9 * p.owner[i];
    for (int x = 0; x < 3; x++) {
      const double by = pulls[6 * pair + x] - pulls[6 * pair + 3 + x];
      moved[3 * j + x] += by, moved[3 * i + x] -= by;
      for (int b = 0; b < 3; b++) boxes[box + 3 * b + x] += p.image[3 * pair + b] * by;
    }
  }
  std::copy(moved.begin(), moved.end(), to_positions);
  std::copy(boxes.begin(), boxes.end(), to_cell);
}

Functions functions(Numbers radial, Numbers angular, Numbers radial_shifts, Numbers shifts, Numbers sections,
                    ffi::Span<const int64_t> elements) {
  return {radial[0], radial[1], angular[0], angular[1], angular[2], radial_shifts, shifts, sections, elements};
}

ffi::Error Forward(ffi::ThreadPool pool, Numbers radial, Numbers angular, Numbers radial_shifts, Numbers shifts,
                   Numbers sections, ffi::Span<const int64_t> elements, ffi::AnyBuffer positions, ffi::AnyBuffer cell,
                   Indices numbers, Indices owner, Indices i, Indices j, Indices image, Flags real,
                   ffi::Result<ffi::AnyBuffer> x) {
  const Functions f = functions(radial, angular, radial_shifts, shifts, sections, elements);
  const Places p = places(positions, cell, owner, i, j, image, real);
  const Neighbours n = around(f, p, numbers);
  if (x->element_type() == ffi::F32)
    forward(pool, f, n, x->typed_data<float>());
  else
    forward(pool, f, n, x->typed_data<double>());
  return ffi::Error::Success();
}

ffi::Error Backward(ffi::ThreadPool pool, Numbers radial, Numbers angular, Numbers radial_shifts, Numbers shifts,
                    Numbers sections, ffi::Span<const int64_t> elements, ffi::AnyBuffer positions, ffi::AnyBuffer cell,
                    Indices numbers, Indices owner, Indices i, Indices j, Indices image, Flags real,
                    ffi::AnyBuffer g, ffi::Result<ffi::AnyBuffer> to_positions, ffi::Result<ffi::AnyBuffer> to_cell) {
  const Functions f = functions(radial, angular, radial_shifts, shifts, sections, elements);
  const Places p = places(positions, cell, owner, i, j, image, real);
  const Neighbours n = around(f, p, numbers);
  const bool single = g.element_type() == ffi::F32, coarse = positions.element_type() == ffi::F32;
  const auto to = [&](auto* slopes) {
    if (coarse)
      backward(pool, f, p, n, slopes, to_positions->typed_data<float>(), to_cell->typed_data<float>());
    else
      backward(pool, f, p, n, slopes, to_positions->typed_data<double>(), to_cell->typed_data<double>());
  };
  single ? to(g.typed_data<float>()) : to(g.typed_data<double>());
  return ffi::Error::Success();
}

template <class Binding>
auto given(Binding binding) {
  return std::move(binding)
      .template Attr<Numbers>("radial")
      .template Attr<Numbers>("angular")
      .template Attr<Numbers>("radial_shifts")
      .template Attr<Numbers>("shifts")
      .template Attr<Numbers>("sections")
      .template Attr<ffi::Span<const int64_t>>("elements")
      .template Arg<ffi::AnyBuffer>()
      .template Arg<ffi::AnyBuffer>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Flags>();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(ani_environment_forward, Forward,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Ret<ffi::AnyBuffer>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(
    ani_environment_backward, Backward,
    given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Arg<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>());
