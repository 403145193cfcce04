// Coulomb's law and dispersion over the far pairs, and their derivatives: `coulomb.py` and `dispersion.py` state the
// equations, whose numbers stand here too. Distances are taken in double precision, energies and forces are added up in
// it; a pair is computed in single precision, LANES of them at a time.

#include <cmath>
#include <cstdint>

#include "lanes.h"
#include "parts.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

using Doubles = ffi::Buffer<ffi::F64>;
using Floats = ffi::Buffer<ffi::F32>;
using Indices = ffi::Buffer<ffi::S32>;
using Flags = ffi::Buffer<ffi::PRED>;
using Numbers = ffi::Span<const float>;

// A value with its derivatives by N numbers
template <int N>
struct Dual {
  Vector v, d[N];
};

template <int N>
Dual<N> operator+(Dual<N> a, const Dual<N>& b) {
  a.v += b.v;
  for (int n = 0; n < N; n++) a.d[n] += b.d[n];
  return a;
}

template <int N>
Dual<N> operator*(const Dual<N>& a, const Dual<N>& b) {
  Dual<N> c{a.v * b.v, {}};
  for (int n = 0; n < N; n++) c.d[n] = a.d[n] * b.v + a.v * b.d[n];
  return c;
}

// f(a) from its value and slope
template <int N>
Dual<N> chain(const Dual<N>& a, Vector value, Vector slope) {
  Dual<N> c{value, {}};
  for (int n = 0; n < N; n++) c.d[n] = slope * a.d[n];
  return c;
}

template <int N>
Dual<N> operator*(float s, const Dual<N>& a) {
  return chain(a, s * a.v, all(s));
}

template <int N>
Dual<N> operator+(float s, const Dual<N>& a) {
  return chain(a, s + a.v, all(1));
}

template <int N>
Dual<N> inverse(const Dual<N>& a) {
  const Vector x = 1 / a.v;
  return chain(a, x, -x * x);
}

// exp(-1/u) for u > 0, else 0
Dual<1> bump(const Dual<1>& u) {
  const Vector safe = u.v > 1e-3f ? u.v : all(1e-3f), x = 1 / safe;
  const Vector value = u.v > 0.012f ? exponential(-x) : all(0);  // below, it is no normal number
  return chain(u, value, value * x * x);
}

// From 1 at `on` to 0 at `off`, as in `eukrates.radial.cutoffs`
Dual<1> fade(const Dual<1>& r, float on, float off) {
  const Dual<1> u = (1 / (off - on)) * (-on + r);
  const Dual<1> down = bump(1.0f + -1.0f * u), up = bump(u);
  return down * inverse(down + up);
}

// A law says the energy of LANES pairs, and its derivatives by the distance and by what the two atoms have
struct Coulomb {
  static constexpr int HAS = 1;  // the charge
  float constant, width, cutoff, on, top, slope;

  explicit Coulomb(Numbers n) : constant(n[0]), width(n[1]), cutoff(n[2]), on(n[3]), top(n[4]), slope(n[5]) {}

  Vector operator()(Vector r, const Vector (&qi)[1], const Vector (&qj)[1], Vector& dr, Vector (&di)[1],
                    Vector (&dj)[1]) const {
    const Vector far = r > 1e-6f ? r : all(1e-6f), x = far / width, gauss = exponential(-x * x);
    const Vector kernel = error_function(x, gauss) / far;
    const float steep = 1.12837917f / width;  // 2/√π
    Dual<1> k{kernel, {(steep * gauss - kernel) / far}};  // (1)
    if (std::isfinite(cutoff)) {
      const Dual<1> here{far, {all(1)}};
      k = k + -1.0f * (top + (1.0f + -1.0f * fade(here, on, cutoff)) * (slope * (-cutoff + here)));  // (3)
      k.v = r < cutoff ? k.v : all(0), k.d[0] = r < cutoff ? k.d[0] : all(0);
    }
    const Vector scaled = constant * k.v;
    dr = constant * qi[0] * qj[0] * k.d[0];
    di[0] = scaled * qj[0], dj[0] = scaled * qi[0];
    return scaled * qi[0] * qj[0];  // (2)
  }
};

struct Dispersion {
  static constexpr int HAS = 2;  // polarisability and C6, atomic units
  float hartree, bohr, rho, damping, cutoff, on, c0, c1, c2, c3;

  explicit Dispersion(Numbers n)
      : hartree(n[0]), bohr(n[1]), rho(n[2]), damping(n[3]), cutoff(n[4]), on(n[5]), c0(n[6]), c1(n[7]), c2(n[8]),
        c3(n[9]) {}

  Vector operator()(Vector r, const Vector (&i)[2], const Vector (&j)[2], Vector& dr, Vector (&di)[2],
                    Vector (&dj)[2]) const {
    const Vector ai = i[0], aj = j[0], ci = i[1], cj = j[1];
    Vector below = ai * ai * cj + aj * aj * ci;
    below = 1 / (below > 0 ? below : all(1));
    const Vector c6 = 2 * ci * cj * ai * aj * below;  // (2)
    const Vector alpha = 0.5f * (ai + aj), root = exponential(logarithm(alpha) * (1 / 7.0f));
    const Dual<2> distance{r / bohr, {all(1 / bohr), all(0)}};
    const Dual<2> seventh{root, {all(0), root / (7 * alpha)}};
    const Dual<2> x = rho * seventh, s = c0 + x * (c1 + x * (c2 + c3 * x)), over = 2.0f * (s * s);  // (3)
    const Dual<2> p = damping * seventh, r2 = distance * distance, p2 = p * p, r4 = r2 * r2, p4 = p2 * p2;
    const Dual<2> six = inverse(r4 * r2 + p4 * p2), eight = inverse(r4 * r4 + p4 * p4);
    const Dual<2> ten = inverse(r4 * r4 * r2 + p4 * p4 * p2);
    Dual<2> sum = six + (5.0f * over) * eight + (245 / 8.0f) * (over * over) * ten;  // (4), (5) per -C6
    if (std::isfinite(cutoff)) {
      const Dual<1> f = fade(Dual<1>{r, {all(1)}}, on, cutoff);
      sum = sum * Dual<2>{f.v, {f.d[0], all(0)}};
    }
    const Vector scaled = -hartree * c6, per = -hartree * sum.v * below;
    dr = scaled * sum.d[0];
    const Vector da = 0.5f * scaled * sum.d[1];
    di[0] = da + per * (2 * ci * cj * aj - 2 * c6 * ai * cj), dj[0] = da + per * (2 * ci * cj * ai - 2 * c6 * aj * ci);
    di[1] = per * (2 * cj * ai * aj - c6 * aj * aj), dj[1] = per * (2 * ci * ai * aj - c6 * ai * ai);
    return scaled * sum.v;
  }
};

struct Pairs {
  int64_t atoms, pairs;  // the first half of the edges; the second is its mirror
  const int32_t *i, *j;
  const bool* real;
};

Pairs describe(int64_t atoms, const Indices& i, const Indices& j, const Flags& real) {
  return {atoms, int64_t(i.element_count() / 2), i.typed_data(), j.typed_data(), real.typed_data()};
}

// The next LANES pairs that are real, and what their atoms have
template <int HAS>
struct Bunch {
  int count;
  int64_t pair[LANES];
  Vector r, i[HAS], j[HAS];

  bool fill(const Pairs& p, const float* distances, const float* has, int64_t& next, int64_t end) {
    float distance[LANES], first[HAS][LANES], second[HAS][LANES];
    for (count = 0; count < LANES && next < end; next++) {
      if (!p.real[next]) continue;
      distance[count] = distances[next];
      for (int n = 0; n < HAS; n++) {
        first[n][count] = has[HAS * p.i[next] + n];
        second[n][count] = has[HAS * p.j[next] + n];
      }
      pair[count++] = next;
    }
    if (!count) return false;
    for (int n = count; n < LANES; n++) {
      distance[n] = distance[count - 1];
      for (int m = 0; m < HAS; m++) first[m][n] = first[m][count - 1], second[m][n] = second[m][count - 1];
    }
    r = load(distance);
    for (int n = 0; n < HAS; n++) i[n] = load(first[n]), j[n] = load(second[n]);
    return true;
  }
};

template <class Law>
ffi::Error Forward(ffi::ThreadPool pool, Numbers numbers, Floats distances, Floats has, Indices i, Indices j,
                   Flags real, ffi::Result<Doubles> energies) {
  const Law law(numbers);
  const Pairs p = describe(has.dimensions()[0], i, j, real);
  by_parts(pool, p.pairs, p.atoms, energies->typed_data(), 0, static_cast<float*>(nullptr),
           [&](int64_t begin, int64_t end, double* out, float*) {
             Bunch<Law::HAS> now;
             for (int64_t next = begin; now.fill(p, distances.typed_data(), has.typed_data(), next, end);) {
               Vector dr, di[Law::HAS], dj[Law::HAS];
               float energy[LANES];
               store(energy, 0.5f * law(now.r, now.i, now.j, dr, di, dj));
               for (int n = 0; n < now.count; n++) {
                 out[p.i[now.pair[n]]] += energy[n];
                 out[p.j[now.pair[n]]] += energy[n];
               }
             }
           });
  return ffi::Error::Success();
}

template <class Law>
ffi::Error Backward(ffi::ThreadPool pool, Numbers numbers, Floats distances, Floats has, Indices i, Indices j,
                    Flags real, Doubles weight, ffi::Result<Floats> to_distances, ffi::Result<Floats> to_has) {
  const Law law(numbers);
  const Pairs p = describe(has.dimensions()[0], i, j, real);
  const double* each = weight.typed_data();
  float* slopes = to_distances->typed_data();
  by_parts(pool, p.pairs, to_has->element_count(), to_has->typed_data(), 0, static_cast<float*>(nullptr),
           [&](int64_t begin, int64_t end, float* out, float*) {
             std::fill(slopes + begin, slopes + end, 0.0f);
             Bunch<Law::HAS> now;
             for (int64_t next = begin; now.fill(p, distances.typed_data(), has.typed_data(), next, end);) {
               Vector dr, di[Law::HAS], dj[Law::HAS];
               law(now.r, now.i, now.j, dr, di, dj);
               float share[LANES] = {}, slope[LANES], first[Law::HAS][LANES], second[Law::HAS][LANES];
               for (int n = 0; n < now.count; n++)
                 share[n] = float(0.5 * (each[p.i[now.pair[n]]] + each[p.j[now.pair[n]]]));
               const Vector shares = load(share);
               store(slope, shares * dr);
               for (int m = 0; m < Law::HAS; m++) store(first[m], shares * di[m]), store(second[m], shares * dj[m]);
               for (int n = 0; n < now.count; n++) {
                 const int64_t pair = now.pair[n], a = p.i[pair], b = p.j[pair];
                 slopes[pair] = slope[n];
                 for (int m = 0; m < Law::HAS; m++) {
                   out[Law::HAS * a + m] += first[m][n];
                   out[Law::HAS * b + m] += second[m][n];
                 }
               }
             }
           });
  return ffi::Error::Success();
}

// r_j - r_i + n · cell of one pair
inline void between(const double* positions, const double* cell, const int32_t* image, int64_t i, int64_t j,
                    double (&away)[3]) {
  for (int x = 0; x < 3; x++) away[x] = positions[3 * j + x] - positions[3 * i + x];
  if (image[0] | image[1] | image[2])
    for (int x = 0; x < 3; x++) away[x] += image[0] * cell[x] + image[1] * cell[3 + x] + image[2] * cell[6 + x];
}

ffi::Error Distances(ffi::ThreadPool pool, Doubles positions, Doubles cell, Indices owner, Indices i, Indices j,
                     Indices image, Flags real, ffi::Result<Floats> out) {
  const Pairs p = describe(positions.dimensions()[0], i, j, real);
  by_parts(pool, p.pairs, 0, static_cast<float*>(nullptr), 0, static_cast<float*>(nullptr),
           [&](int64_t begin, int64_t end, float*, float*) {
             for (int64_t n = begin; n < end; n++) {
               double d[3];
               between(positions.typed_data(), cell.typed_data() + 9 * owner.typed_data()[p.i[n]],
                       image.typed_data() + 3 * n, p.i[n], p.j[n], d);
               out->typed_data()[n] = float(std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]));
             }
           });
  return ffi::Error::Success();
}

ffi::Error DistancesBack(ffi::ThreadPool pool, Doubles positions, Doubles cell, Indices owner, Indices i, Indices j,
                         Indices image, Flags real, Floats distances, Floats slopes, ffi::Result<Doubles> to_positions,
                         ffi::Result<Doubles> to_cell) {
  const Pairs p = describe(positions.dimensions()[0], i, j, real);
  by_parts(pool, p.pairs, to_positions->element_count(), to_positions->typed_data(), to_cell->element_count(),
           to_cell->typed_data(), [&](int64_t begin, int64_t end, double* out, double* boxes) {
             for (int64_t n = begin; n < end;) {
               const int64_t a = p.i[n], box = 9 * owner.typed_data()[a];
               double first[3] = {}, edges[9] = {};  // pairs of one atom follow each other
               for (; n < end && p.i[n] == a; n++) {
                 if (!p.real[n] || !(distances.typed_data()[n] > 0)) continue;
                 const int32_t* crossed = image.typed_data() + 3 * n;
                 const int64_t b = p.j[n];
                 double d[3];
                 between(positions.typed_data(), cell.typed_data() + box, crossed, a, b, d);
                 const double pull = double(slopes.typed_data()[n]) / double(distances.typed_data()[n]);
                 for (int x = 0; x < 3; x++) d[x] *= pull, out[3 * b + x] += d[x], first[x] += d[x];
                 for (int c = 0; c < 3; c++)
                   if (crossed[c])
                     for (int x = 0; x < 3; x++) edges[3 * c + x] += crossed[c] * d[x];
               }
               for (int x = 0; x < 3; x++) out[3 * a + x] -= first[x];
               for (int x = 0; x < 9; x++) boxes[box + x] += edges[x];
             }
           });
  return ffi::Error::Success();
}

template <class Binding>
auto law(Binding binding) {
  return std::move(binding)
      .template Attr<Numbers>("numbers")
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Flags>();
}

template <class Binding>
auto geometry(Binding binding) {
  return std::move(binding)
      .template Arg<Doubles>()
      .template Arg<Doubles>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Indices>()
      .template Arg<Flags>();
}

auto pooled() { return ffi::Ffi::Bind().Ctx<ffi::ThreadPool>(); }

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(coulomb_forward, Forward<Coulomb>, law(pooled()).Ret<Doubles>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(coulomb_backward, Backward<Coulomb>,
                              law(pooled()).Arg<Doubles>().Ret<Floats>().Ret<Floats>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(dispersion_forward, Forward<Dispersion>, law(pooled()).Ret<Doubles>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(dispersion_backward, Backward<Dispersion>,
                              law(pooled()).Arg<Doubles>().Ret<Floats>().Ret<Floats>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(distances_forward, Distances, geometry(pooled()).Ret<Floats>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(distances_backward, DistancesBack,
                              geometry(pooled()).Arg<Floats>().Arg<Floats>().Ret<Doubles>().Ret<Doubles>());
