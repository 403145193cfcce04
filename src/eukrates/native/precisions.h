// The vectors of lanes.h for either precision, chosen by the type of the numbers.
#pragma once

#include <cmath>

#include "lanes.h"

typedef double Doubles __attribute__((vector_size(4 * LANES)));
typedef double LooseDoubles __attribute__((vector_size(4 * LANES), aligned(8), may_alias));

template <class Real>
struct Lanes;

template <>
struct Lanes<float> {
  typedef Vector Wide;
  typedef Loose Unaligned;
  static constexpr int COUNT = LANES;
};

template <>
struct Lanes<double> {
  typedef Doubles Wide;
  typedef LooseDoubles Unaligned;
  static constexpr int COUNT = LANES / 2;
};

template <class Real>
using Wide = typename Lanes<Real>::Wide;

template <class Real>
inline Wide<Real> read(const Real* from) {
  return *reinterpret_cast<const typename Lanes<Real>::Unaligned*>(from);
}

template <class Real>
inline void write(Real* to, Wide<Real> x) {
  *reinterpret_cast<typename Lanes<Real>::Unaligned*>(to) = x;
}

template <class Real>
inline Wide<Real> filled(Real x) {
  return x - Wide<Real>{};
}

inline Doubles each(Doubles x, double (*f)(double)) {
  for (int n = 0; n < LANES / 2; n++) x[n] = f(x[n]);
  return x;
}

inline Doubles exponential(Doubles x) { return each(x, std::exp); }
inline Doubles logarithm(Doubles x) { return each(x, std::log); }
inline double sum(Doubles x) {
  double total = 0;
  for (int n = 0; n < LANES / 2; n++) total += x[n];
  return total;
}
