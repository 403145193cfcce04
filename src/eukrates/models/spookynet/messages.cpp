// Sums over neighbours of one SpookyNet layer, and their derivatives: `messages.py` states the equations, whose numbers
// stand here too. Every pair is read once as i → j and j → i; nothing with a row per pair, a column per channel and a
// component of an orientation is ever stored.

#include <algorithm>
#include <cstdint>

#include "lanes.h"
#include "parts.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

struct Layer {
  int atoms, pairs, channels, orders;
  float cutoff;
  const float *sources;  // [atoms, 3, channels]
  const float *radial;   // [pairs, 3, channels]
  const float *angular;  // [pairs, orders]
  const float *r;        // [pairs]
  const int32_t *i, *j;

  int64_t row(int64_t atom) const { return atom * 3 * channels; }
  int64_t sums(int64_t atom) const { return atom * (1 + orders) * channels; }
};

// Branch of a component: 1 for the three of p, 2 for those of d
constexpr int branch(int m) { return m < 3 ? 1 : 2; }
constexpr float parity(int m) { return m < 3 ? -1.0f : 1.0f; }

// `to` has [atoms, 1 + ORDERS, channels]. Pairs of one atom i follow each other: its sums stay in registers.
template <int ORDERS>
void collect(const Layer& l, int64_t begin, int64_t end, float* to) {
  const int channels = l.channels;
  for (int64_t first = begin, last; first < end; first = last) {
    const int64_t i = l.i[first];
    for (last = first + 1; last < end && l.i[last] == i;) last++;
    for (int c = 0; c < channels; c += LANES) {
      const float* at_i = l.sources + l.row(i) + c;
      const Vector from_i[3] = {load(at_i), load(at_i + channels), load(at_i + 2 * channels)};
      Vector total[1 + ORDERS] = {};
      for (int64_t n = first; n < last; n++) {
        if (l.r[n] >= l.cutoff) continue;
        const int64_t j = l.j[n];
        const float *at_j = l.sources + l.row(j) + c, *g = l.radial + l.row(n) + c, *y = l.angular + n * ORDERS;
        float* to_j = to + l.sums(j) + c;
        Vector one[3], two[3];
#pragma GCC unroll 3
        for (int b = 0; b < 3; b++) {
          const Vector w = load(g + b * channels);
          one[b] = w * load(at_j + b * channels), two[b] = w * from_i[b];
        }
        total[0] += one[0];  // (1)
        add(to_j, two[0]);
#pragma GCC unroll 9
        for (int m = 0; m < ORDERS; m++) {
          total[1 + m] += y[m] * one[branch(m)];  // (2)
          add(to_j + (1 + m) * channels, parity(m) * y[m] * two[branch(m)]);
        }
      }
#pragma GCC unroll 10
      for (int m = 0; m < 1 + ORDERS; m++) add(to + l.sums(i) + m * channels + c, total[m]);
    }
  }
}

struct Gradients {
  float* sources;           // [atoms, 3, channels], added to
  float *radial, *angular;  // [pairs, …], written
};

template <int ORDERS>
void spread(const Layer& l, int64_t begin, int64_t end, const float* from, const Gradients& g) {
  const int channels = l.channels;
  for (int64_t n = begin; n < end; n++) {
    float *dw = g.radial + l.row(n), *dy = g.angular + n * ORDERS;
    if (l.r[n] >= l.cutoff) {
      std::fill_n(dw, 3 * channels, 0.0f), std::fill_n(dy, ORDERS, 0.0f);
      continue;
    }
    const int64_t i = l.i[n], j = l.j[n];
    const float *y = l.angular + n * ORDERS;
    Vector slope[ORDERS] = {};
    for (int c = 0; c < channels; c += LANES) {
      const float *at_i = l.sources + l.row(i) + c, *at_j = l.sources + l.row(j) + c, *w = l.radial + l.row(n) + c;
      const float *gi = from + l.sums(i) + c, *gj = from + l.sums(j) + c;
      Vector radial[3], one[3], two[3], by_i[3], by_j[3];
#pragma GCC unroll 3
      for (int b = 0; b < 3; b++) {
        radial[b] = load(w + b * channels);
        one[b] = load(at_j + b * channels), two[b] = load(at_i + b * channels);
        by_i[b] = b ? Vector{} : load(gi), by_j[b] = b ? Vector{} : load(gj);
      }
#pragma GCC unroll 9
      for (int m = 0; m < ORDERS; m++) {
        const Vector vi = load(gi + (1 + m) * channels), vj = parity(m) * load(gj + (1 + m) * channels);
        by_i[branch(m)] += y[m] * vi, by_j[branch(m)] += y[m] * vj;
        slope[m] += radial[branch(m)] * (one[branch(m)] * vi + two[branch(m)] * vj);
      }
      float *to_i = g.sources + l.row(i) + c, *to_j = g.sources + l.row(j) + c;
#pragma GCC unroll 3
      for (int b = 0; b < 3; b++) {
        add(to_j + b * channels, radial[b] * by_i[b]);
        add(to_i + b * channels, radial[b] * by_j[b]);
        store(dw + b * channels + c, one[b] * by_i[b] + two[b] * by_j[b]);
      }
    }
    for (int m = 0; m < ORDERS; m++) dy[m] = sum(slope[m]);
  }
}

using Floats = ffi::Buffer<ffi::F32>;
using Indices = ffi::Buffer<ffi::S32>;

ffi::Error describe(Layer& l, float cutoff, const Floats& sources, const Floats& radial, const Floats& angular,
                    const Floats& r, const Indices& i, const Indices& j) {
  l.atoms = int(sources.dimensions()[0]), l.channels = int(sources.dimensions()[1]) / 3;
  l.pairs = int(r.element_count()), l.orders = int(angular.dimensions()[1]), l.cutoff = cutoff;
  l.sources = sources.typed_data(), l.radial = radial.typed_data(), l.angular = angular.typed_data();
  l.r = r.typed_data(), l.i = i.typed_data(), l.j = j.typed_data();
  if (l.channels % 16 || (l.orders != 8 && l.orders != 9))
    return ffi::Error::InvalidArgument("messages: the kernel needs a multiple of 16 channels, and 8 or 9 components");
  return ffi::Error::Success();
}

ffi::Error Forward(ffi::ThreadPool pool, float cutoff, Floats sources, Floats radial, Floats angular, Floats r,
                   Indices i, Indices j, ffi::Result<Floats> sums) {
  Layer l;
  ffi::Error error = describe(l, cutoff, sources, radial, angular, r, i, j);
  if (error.failure()) return error;
  float* none = nullptr;
  by_parts(pool, l.pairs, sums->element_count(), sums->typed_data(), 0, none,
           [&](int64_t begin, int64_t end, float* to, float*) {
             l.orders == 8 ? collect<8>(l, begin, end, to) : collect<9>(l, begin, end, to);
           });
  return ffi::Error::Success();
}

ffi::Error Backward(ffi::ThreadPool pool, float cutoff, Floats sources, Floats radial, Floats angular, Floats r,
                    Indices i, Indices j, Floats from, ffi::Result<Floats> to_sources, ffi::Result<Floats> to_radial,
                    ffi::Result<Floats> to_angular) {
  Layer l;
  ffi::Error error = describe(l, cutoff, sources, radial, angular, r, i, j);
  if (error.failure()) return error;
  float *dw = to_radial->typed_data(), *dy = to_angular->typed_data(), *none = nullptr;
  by_parts(pool, l.pairs, to_sources->element_count(), to_sources->typed_data(), 0, none,
           [&](int64_t begin, int64_t end, float* to, float*) {
             const Gradients g = {to, dw, dy};
             l.orders == 8 ? spread<8>(l, begin, end, from.typed_data(), g)
                           : spread<9>(l, begin, end, from.typed_data(), g);
           });
  return ffi::Error::Success();
}

template <class Binding>
auto given(Binding binding) {
  return std::move(binding)
      .template Attr<float>("cutoff")
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Indices>()
      .template Arg<Indices>();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(messages_forward, Forward,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Ret<Floats>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(messages_backward, Backward,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>())
                                  .Arg<Floats>()
                                  .Ret<Floats>()
                                  .Ret<Floats>()
                                  .Ret<Floats>());
