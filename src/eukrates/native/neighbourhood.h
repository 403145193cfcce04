// The neighbours of all atoms from a list of pairs, those of one atom following each other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "xla/ffi/api/ffi.h"

constexpr double PI = 3.14159265358979323846, APART = 1e-5;  // Å, below which a pair has no direction

// Half a cosine and its slope; by the series of sine and cosine around half the cutoff
struct Fade {
  double value = 0, slope = 0;

  Fade() = default;
  Fade(double r, double cutoff) {
    if (r >= cutoff) return;
    const double x = PI * (r / cutoff - 0.5), square = x * x;
    double sine = 1, cosine = 1;
#pragma GCC unroll 10
    for (int k = 10; k > 0; k--) {
      sine = 1 - square * (1.0 / (2 * k * (2 * k + 1))) * sine;
      cosine = 1 - square * (1.0 / (2 * k * (2 * k - 1))) * cosine;
    }
    value = 0.5 * (1 - x * sine), slope = -PI / (2 * cutoff) * cosine;
  }
};

// One neighbour of an atom
struct Neighbour {
  double u[3], r;
  Fade near, close;  // at the longer and the shorter cutoff
  int64_t pair;  // of the first half
  int side;      // 1 where the pair is read from its other end
  int kind;
};

// The neighbours of all atoms, those of one atom following each other
struct Neighbours {
  std::vector<int64_t> first;  // of each atom, and the end
  std::vector<Neighbour> each;
};

// Atoms, and the pairs among them that were listed
struct Places {
  std::vector<double> positions, cell;
  int64_t atoms, pairs;
  const int32_t *owner, *i, *j, *image;
  const bool* real;

  void between(int64_t n, double* d) const {
    const double* box = &cell[9 * owner[i[n]]];
    for (int x = 0; x < 3; x++) {
      d[x] = positions[3 * j[n] + x] - positions[3 * i[n] + x];
      for (int a = 0; a < 3; a++) d[x] += image[3 * n + a] * box[3 * a + x];
    }
  }
};

inline std::vector<double> doubles(const xla::ffi::AnyBuffer& from) {
  const int64_t count = int64_t(from.element_count());
  if (from.element_type() == xla::ffi::F32) return {from.typed_data<float>(), from.typed_data<float>() + count};
  return {from.typed_data<double>(), from.typed_data<double>() + count};
}

// Pairs shorter than `cutoff`, and what fades there and at `shorter`; kinds are those of the atoms
inline Neighbours neighbours(const Places& p, const std::vector<int>& kinds, double cutoff, double shorter) {
  Neighbours found;
  std::vector<Neighbour> near;
  near.reserve(p.pairs);
  found.first.assign(p.atoms + 1, 0);
  for (int64_t n = 0; n < p.pairs; n++) {
    if (!p.real[n]) continue;
    double d[3];
    p.between(n, d);
    const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    if (square >= cutoff * cutoff) continue;  // what is no number goes on
    const double r = std::sqrt(square), scale = 1 / std::max(r, APART);
    near.push_back({{d[0] * scale, d[1] * scale, d[2] * scale}, r, {r, cutoff}, {r, shorter}, n, 0, 0});
    found.first[p.i[n] + 1]++, found.first[p.j[n] + 1]++;
  }
  for (int64_t a = 0; a < p.atoms; a++) found.first[a + 1] += found.first[a];
  found.each.resize(found.first[p.atoms]);
  std::vector<int64_t> next(found.first.begin(), found.first.end() - 1);
  for (const Neighbour& one : near) {
    const int64_t i = p.i[one.pair], j = p.j[one.pair];
    Neighbour& there = found.each[next[i]++] = one;
    there.kind = kinds[j];
    Neighbour& back = found.each[next[j]++] = one;
    for (double& x : back.u) x = -x;
    back.side = 1, back.kind = kinds[i];
  }
  return found;
}
