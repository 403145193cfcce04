// Lattices with open axes, as in `eukrates.matter.lattice`.
#pragma once

#include <algorithm>
#include <cmath>

inline double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

inline void cross(const double* a, const double* b, double* out) {
  const double c[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  std::copy_n(c, 3, out);
}

struct Lattice {
  bool periodic[3];
  double rows[3][3], dual[3][3];  // open axes have unit vectors perpendicular to the others; rows · dual = 1
  double height[3];

  // False where the rows span no volume or are not finite
  bool set(const double* cell) {
    bool filled[3];
    for (int a = 0; a < 3; a++) {
      std::copy_n(cell + 3 * a, 3, rows[a]);
      filled[a] = periodic[a] = rows[a][0] != 0 || rows[a][1] != 0 || rows[a][2] != 0;
    }
    for (int a = 0; a < 3; a++) {
      if (filled[a]) continue;
      const int b = (a + 1) % 3, c = (a + 2) % 3;
      if (filled[b] && filled[c]) {
        cross(rows[b], rows[c], rows[a]);
      } else if (filled[b] || filled[c]) {
        const double* other = rows[filled[b] ? b : c];
        const double size[3] = {std::abs(other[0]), std::abs(other[1]), std::abs(other[2])};
        double least[3] = {};
        least[std::min_element(size, size + 3) - size] = 1;
        cross(other, least, rows[a]);
      } else {
        rows[a][a] = 1;
      }
      const double length = std::sqrt(dot(rows[a], rows[a]));
      for (int x = 0; x < 3; x++) rows[a][x] /= length;
      filled[a] = true;
    }
    for (int a = 0; a < 3; a++) cross(rows[(a + 1) % 3], rows[(a + 2) % 3], dual[a]);
    const double volume = dot(rows[0], dual[0]);
    const double edges = dot(rows[0], rows[0]) * dot(rows[1], rows[1]) * dot(rows[2], rows[2]);
    if (!(volume * volume > 1e-18 * edges) || !std::isfinite(edges)) return false;
    for (int a = 0; a < 3; a++) {
      for (int x = 0; x < 3; x++) dual[a][x] /= volume;
      height[a] = 1 / std::sqrt(dot(dual[a], dual[a]));
    }
    return true;
  }
};
