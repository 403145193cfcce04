// Arithmetic on as many numbers at once as the processor takes, with the compiler's vectors (GCC, Clang).
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>

#if defined(__AVX512F__)
constexpr int LANES = 16;
#else
constexpr int LANES = 8;
#endif

typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef float Loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t Integers __attribute__((vector_size(4 * LANES)));

inline Vector load(const float* from) { return *reinterpret_cast<const Loose*>(from); }
inline void store(float* to, Vector x) { *reinterpret_cast<Loose*>(to) = x; }
inline void add(float* to, Vector x) { store(to, load(to) + x); }
inline Vector all(float x) { return x - Vector{}; }

inline float sum(Vector x) {
  typedef float Eight __attribute__((vector_size(32)));
  typedef float Four __attribute__((vector_size(16)));
  Eight halves[LANES / 8];
  std::memcpy(halves, &x, sizeof x);
  Eight eight = halves[0];
  if (LANES == 16) eight += halves[LANES / 8 - 1];
  Four quarters[2];
  std::memcpy(quarters, &eight, sizeof eight);
  Four four = quarters[0] + quarters[1];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// e^x to rounding: 2^n e^f with |f| ≤ ln 2 / 2 and the Taylor series of e^f
inline Vector exponential(Vector x) {
  x = x > 87.0f ? all(87.0f) : x;
  x = x < -87.0f ? all(-87.0f) : x;
  const Vector shift = all(12582912.0f);  // 1.5 · 2^23: adding and subtracting it rounds to the nearest integer
  const Vector n = (x * 1.44269504f + shift) - shift;
  const Vector f = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Vector series = all(1 / 5040.0f);
  for (float c : {1 / 720.0f, 1 / 120.0f, 1 / 24.0f, 1 / 6.0f, 0.5f, 1.0f, 1.0f}) series = series * f + c;
  const Integers power = (__builtin_convertvector(n, Integers) + 127) << 23;
  Vector scale;
  std::memcpy(&scale, &power, sizeof scale);
  return series * scale;
}

// ln x to rounding, for normal x > 0: the series of Cephes (Moshier 1989) between √½ and √2
inline Vector logarithm(Vector x) {
  Integers bits;
  std::memcpy(&bits, &x, sizeof x);
  Integers power = (bits >> 23) - 127;
  bits = (bits & 0x7fffff) | 0x3f800000;
  Vector m;
  std::memcpy(&m, &bits, sizeof m);
  const Integers large = m > 1.41421356f;
  power -= large;  // true is -1
  m = large ? 0.5f * m : m;
  const Vector f = m - 1.0f, n = __builtin_convertvector(power, Vector);
  Vector series = all(7.0376836292e-2f);
  for (float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                  2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f})
    series = series * f + c;
  const Vector square = f * f;
  return n * 0.693359375f + (f + (square * (f * series - 0.5f) - n * 2.12194440e-4f));
}

// erf x for x ≥ 0 to rounding, `gauss` being exp(-x²): the series of Cephes
inline Vector error_function(Vector x, Vector gauss) {
  const Vector z = x * x, q = 1 / (x > 0.5f ? x : all(0.5f)), y = q * q;
  Vector low = all(7.853861353153693e-5f), middle = all(2.326819970068386e-2f), high = all(-1.047766399936249e+1f);
  for (float c : {-8.010193625184903e-4f, 5.188327685732524e-3f, -2.685381193529856e-2f, 1.128358514861418e-1f,
                  -3.761262582423300e-1f, 1.128379165726710f})
    low = low * z + c;
  for (float c : {-1.387039388740657e-1f, 3.687424674597105e-1f, -5.824733027278666e-1f, 6.210004621745983e-1f,
                  -4.944515323274145e-1f, 3.404879937665872e-1f, -2.741127028184656e-1f, 5.638259427386472e-1f})
    middle = middle * y + c;
  for (float c : {1.297719955372516e+1f, -7.495518717768503f, 2.921019019210786f, -1.015265279202700f,
                  4.218463358204948e-1f, -2.820767439740514e-1f, 5.641895067754075e-1f})
    high = high * y + c;
  const Vector rest = gauss * q * (x < 2.0f ? middle : high);
  return x < 1.0f ? x * low : 1.0f - rest;
}
