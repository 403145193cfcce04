// The vectors of lanes.h for either precision, chosen by the type of the numbers.
#pragma once

#include <cmath>
#include <cstring>

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

// A few numbers at once, as many as are said, 1, 2, 4, …
template <class Real, int COUNT>
struct Few {
  typedef Real Type __attribute__((vector_size(COUNT * sizeof(Real))));
};

template <class Some, class Real>
inline Some some(const Real* from) {
  Some x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

template <class Real, class Some>
inline void put(Real* to, Some x) {
  std::memcpy(to, &x, sizeof x);
}

template <class Real, int COUNT>
inline Real total(typename Few<Real, COUNT>::Type x) {
  if constexpr (COUNT == 1) {
    return x[0];
  } else {
    typedef typename Few<Real, COUNT / 2>::Type Half;
    Half halves[2];
    std::memcpy(halves, &x, sizeof x);
    return total<Real, COUNT / 2>(halves[0] + halves[1]);
  }
}
