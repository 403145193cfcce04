// Pairs of atoms within a cutoff, by linked cells in any lattice: `search.py` states what is found and how it is stored.
//
// Atoms are sorted into bins. For each atom, in order, it is taken out of its bin, and what is left in the bins around it
// are the later atoms that may be near: so every pair is seen once, and pairs come sorted by their first atom. Only bins
// that hold an atom are kept, in a hash table: vacuum costs nothing.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#if defined(__AVX512F__) && defined(__AVX512VL__)
#include <immintrin.h>
#endif

#include "lattice.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

using Doubles = ffi::Buffer<ffi::F64>;
using Indices = ffi::Buffer<ffi::S32>;
using Flags = ffi::Buffer<ffi::PRED>;
using Count = ffi::Buffer<ffi::S64>;

constexpr int LANES = 8;
constexpr double MOST_TURNS = 1 << 28;   // lattice vectors between an atom and the first of its system: images are int32
constexpr double MOST_BINS = 1 << 20;    // along an axis
constexpr double MOST_AROUND = 1 << 26;  // bins and images of bins around one
constexpr double ROUNDING = 1e-8;        // of positions in bins
constexpr double CROWD = 16;             // atoms in a bin that are too few for bins smaller than the cutoff

typedef double Vector __attribute__((vector_size(8 * LANES)));
typedef double Loose __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t Mask __attribute__((vector_size(8 * LANES)));

// Which of k, k + 1, … have a value below a bound and come before `end`; LANES numbers are written, those that count first
inline int keep(Vector values, double bound, int32_t k, int32_t end, int32_t* out) {
#if defined(__AVX512F__) && defined(__AVX512VL__)
  const __m256i lanes = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
  const __mmask8 before = _mm256_cmplt_epi32_mask(lanes, _mm256_set1_epi32(end - k));
  const __mmask8 kept = _mm512_mask_cmp_pd_mask(before, __m512d(values), _mm512_set1_pd(bound), _CMP_LT_OQ);
  const __m256i numbers = _mm256_maskz_compress_epi32(kept, _mm256_add_epi32(lanes, _mm256_set1_epi32(k)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), numbers);
  return __builtin_popcount(kept);
#else
  const Mask lanes = {0, 1, 2, 3, 4, 5, 6, 7}, kept = (values < bound) & (lanes < end - k);
  int count = 0;
  for (int lane = 0; lane < LANES; lane++) out[count] = k + lane, count -= int(kept[lane]);
  return count;
#endif
}

inline Vector load(const double* from) { return *reinterpret_cast<const Loose*>(from); }

// From the number of a bin in the whole space to its number among those that hold atoms
class Occupied {
 public:
  explicit Occupied(size_t atoms) {
    size_t size = 16;
    while (size < 2 * atoms) size *= 2;
    slots_.assign(size, {-1, -1});
  }

  int32_t find(int64_t key) const { return slots_[slot(key)].second; }

  int32_t find_or_add(int64_t key) {
    auto& found = slots_[slot(key)];
    if (found.first < 0) found = {key, count_++};
    return found.second;
  }

  int32_t count() const { return count_; }

 private:
  size_t slot(int64_t key) const {
    const size_t last = slots_.size() - 1;
    size_t at = (uint64_t(key) * 0x9E3779B97F4A7C15u >> 20) & last;
    while (slots_[at].first >= 0 && slots_[at].first != key) at = (at + 1) & last;
    return at;
  }

  std::vector<std::pair<int64_t, int32_t>> slots_;
  int32_t count_ = 0;
};

struct Turns {
  int32_t n[4];  // lattice vectors
};

struct Image {
  Turns turns;
  double shift[3];  // Å
};

// A bin, or an image of one, that an atom may see
struct Neighbour {
  int32_t bin, image;
};

struct Output {
  int32_t *i, *j, *image;
  int64_t half, count = 0;  // pairs there is room for, pairs found

  void pair(int32_t a, int32_t b, const Turns& n) {
    const int64_t at = count++;
    if (at >= half) return;
    const int64_t back = at + half;
    i[at] = a, j[at] = b, i[back] = b, j[back] = a;
    for (int x = 0; x < 3; x++) image[3 * at + x] = n.n[x], image[3 * back + x] = -n.n[x];
  }
};

// One structure: its atoms in bins
class World {
 public:
  World(const double* positions, const double* cell, const std::vector<int32_t>& atoms, double cutoff)
      : atoms_(atoms), cutoff_(cutoff), table_(atoms.size()) {
    sound_ = lattice_.set(cell) && place(positions) && divide();
    if (sound_) sort(), look_around();
  }

  bool sound() const { return sound_; }

  void search(Output& out) {
    const std::vector<Turns> own = self_images();
    std::vector<int32_t> slot(sorted_.size() + LANES);
    std::vector<int32_t> head(first_.begin(), first_.end() - 1);
    const double square = cutoff_ * cutoff_;
    for (size_t n = 0; n < atoms_.size(); n++) {
      const int32_t here = bin_[n], me = head[here]++;
      for (const Turns& image : own) out.pair(atoms_[n], atoms_[n], image);
      for (size_t e = around_[here]; e < around_[here + 1]; e++) {
        const Neighbour& there = neighbours_[e];
        const int32_t begin = head[there.bin], end = first_[there.bin + 1];
        if (begin == end) continue;
        const Image& image = images_[there.image];
        emit(out, me, image.turns, slot.data(), within(me, image.shift, begin, end, square, slot.data()));
      }
    }
  }

 private:
  // Fractional coordinates, and positions moved into the cell; false where a position is not finite or too far away
  bool place(const double* positions) {
    const size_t count = atoms_.size();
    fraction_.resize(3 * count), inside_.resize(3 * count), turns_.resize(count);
    const double* origin = positions + 3 * atoms_[0];
    for (int a = 0; a < 3; a++) low_[a] = INFINITY, span_[a] = -INFINITY;
    for (size_t n = 0; n < count; n++) {
      double r[3];
      for (int x = 0; x < 3; x++) r[x] = positions[3 * atoms_[n] + x] - origin[x];
      double moved[3] = {r[0], r[1], r[2]};
      turns_[n] = {};
      for (int a = 0; a < 3; a++) {
        double f = dot(r, lattice_.dual[a]);
        if (!std::isfinite(f)) return false;
        if (lattice_.periodic[a]) {
          const double turns = std::floor(f);
          if (std::abs(turns) > MOST_TURNS) return false;
          f -= turns, turns_[n].n[a] = int32_t(turns);
          if (turns != 0)
            for (int x = 0; x < 3; x++) moved[x] -= turns * lattice_.rows[a][x];
        }
        fraction_[3 * n + a] = f;
        low_[a] = std::min(low_[a], f), span_[a] = std::max(span_[a], f);
      }
      std::copy_n(moved, 3, &inside_[3 * n]);
    }
    for (int a = 0; a < 3; a++) {
      span_[a] -= low_[a];
      if (lattice_.periodic[a]) low_[a] = 0, span_[a] = 1;
    }
    return true;
  }

  // How many bins along each axis, and how many of them a pair may be apart; false where that is beyond all bounds
  bool divide() {
    double length[3], volume = 1;
    for (int a = 0; a < 3; a++) {
      length[a] = span_[a] * lattice_.height[a];
      volume *= std::max(length[a], cutoff_);
    }
    double parts = 1;
    while (parts < 3 && atoms_.size() / volume * std::pow(cutoff_ / (parts + 1), 3) >= CROWD) parts++;
    double around = 1;
    for (int a = 0; a < 3; a++) {
      const double bins = std::clamp(std::floor(parts * length[a] / cutoff_), 1.0, MOST_BINS);
      double reach = std::ceil(bins * cutoff_ / length[a] * (1 + ROUNDING));
      if (!lattice_.periodic[a]) reach = length[a] > 0 ? std::min(reach, bins - 1) : 0;
      around *= 2 * reach + 1;
      if (!(around < MOST_AROUND)) return false;
      bins_[a] = int64_t(bins), reach_[a] = int64_t(reach);
    }
    return true;
  }

  int64_t key(const int64_t* b) const { return (b[0] * bins_[1] + b[1]) * bins_[2] + b[2]; }

  // Atoms in the order of their bins, and of their indices within a bin
  void sort() {
    const size_t count = atoms_.size();
    bin_.resize(count);
    for (size_t n = 0; n < count; n++) {
      int64_t b[3];
      for (int a = 0; a < 3; a++) {
        const double share = span_[a] > 0 ? (fraction_[3 * n + a] - low_[a]) / span_[a] : 0;
        b[a] = std::clamp<int64_t>(int64_t(share * bins_[a]), 0, bins_[a] - 1);
      }
      bin_[n] = table_.find_or_add(key(b));
      if (size_t(bin_[n]) == where_.size() / 3) where_.insert(where_.end(), b, b + 3);
    }
    first_.assign(table_.count() + 1, 0);
    for (int32_t b : bin_) first_[b + 1]++;
    for (int32_t b = 0; b < table_.count(); b++) first_[b + 1] += first_[b];
    std::vector<int32_t> next(first_);
    sorted_.resize(count), passed_.resize(count);
    for (auto& axis : at_) axis.assign(count + LANES, 0.0);
    for (size_t n = 0; n < count; n++) {
      const int32_t slot = next[bin_[n]]++;
      sorted_[slot] = atoms_[n], passed_[slot] = turns_[n];
      for (int x = 0; x < 3; x++) at_[x][slot] = inside_[3 * n + x];
    }
  }

  // For every bin the bins around it, and their images, that hold atoms
  void look_around() {
    int64_t most[3], d[3], b[3];
    for (int a = 0; a < 3; a++) most[a] = lattice_.periodic[a] ? (reach_[a] + bins_[a] - 1) / bins_[a] : 0;
    for (d[0] = -most[0]; d[0] <= most[0]; d[0]++)
      for (d[1] = -most[1]; d[1] <= most[1]; d[1]++)
        for (d[2] = -most[2]; d[2] <= most[2]; d[2]++) {
          Image image{};
          for (int a = 0; a < 3; a++) {
            image.turns.n[a] = int32_t(d[a]);
            for (int x = 0; x < 3; x++) image.shift[x] += d[a] * lattice_.rows[a][x];
          }
          images_.push_back(image);
        }
    around_.assign(1, 0);
    for (int32_t bin = 0; bin < table_.count(); bin++) {
      for (d[0] = -reach_[0]; d[0] <= reach_[0]; d[0]++)
        for (d[1] = -reach_[1]; d[1] <= reach_[1]; d[1]++)
          for (d[2] = -reach_[2]; d[2] <= reach_[2]; d[2]++) {
            bool exists = true;
            int64_t which = 0;
            for (int a = 0; a < 3; a++) {
              const int64_t there = where_[3 * bin + a] + d[a];
              const int64_t image = there >= 0 ? there / bins_[a] : -((bins_[a] - 1 - there) / bins_[a]);
              exists &= lattice_.periodic[a] || image == 0;
              b[a] = there - image * bins_[a], which = which * (2 * most[a] + 1) + image + most[a];
            }
            const int32_t found = exists ? table_.find(key(b)) : -1;
            if (found >= 0) neighbours_.push_back({found, int32_t(which)});
          }
      around_.push_back(neighbours_.size());
    }
  }

  // Half of the images of an atom that it sees itself
  std::vector<Turns> self_images() const {
    std::vector<Turns> found;
    int32_t most[3], n[3];
    for (int a = 0; a < 3; a++)
      most[a] = lattice_.periodic[a] ? int32_t(cutoff_ / lattice_.height[a] * (1 + ROUNDING)) : 0;
    for (n[0] = 0; n[0] <= most[0]; n[0]++)
      for (n[1] = n[0] ? -most[1] : 0; n[1] <= most[1]; n[1]++)
        for (n[2] = n[0] || n[1] ? -most[2] : 1; n[2] <= most[2]; n[2]++) {
          double t[3];
          for (int x = 0; x < 3; x++)
            t[x] = n[0] * lattice_.rows[0][x] + n[1] * lattice_.rows[1][x] + n[2] * lattice_.rows[2][x];
          if (dot(t, t) < cutoff_ * cutoff_) found.push_back({{n[0], n[1], n[2], 0}});
        }
    return found;
  }

  // Which of the atoms begin … end are within the cutoff of atom `me`
  int within(int32_t me, const double* shift, int32_t begin, int32_t end, double square, int32_t* slot) const {
    const double x = at_[0][me] - shift[0], y = at_[1][me] - shift[1], z = at_[2][me] - shift[2];
    int count = 0;
    for (int32_t k = begin; k < end; k += LANES) {
      const Vector dx = load(&at_[0][k]) - x, dy = load(&at_[1][k]) - y, dz = load(&at_[2][k]) - z;
      count += keep(dx * dx + dy * dy + dz * dz, square, k, end, slot + count);
    }
    return count;
  }

  void emit(Output& out, int32_t me, const Turns& image, const int32_t* slot, int count) const {
    Turns from;
    for (int x = 0; x < 3; x++) from.n[x] = image.n[x] + passed_[me].n[x];
    for (int k = 0; k < count; k++) {
      Turns n;
      for (int x = 0; x < 3; x++) n.n[x] = from.n[x] - passed_[slot[k]].n[x];
      out.pair(sorted_[me], sorted_[slot[k]], n);
    }
  }

  const std::vector<int32_t>& atoms_;
  const double cutoff_;
  Lattice lattice_;
  bool sound_;
  double low_[3], span_[3];        // in lattice vectors: where the bins begin, and what they cover
  int64_t bins_[3], reach_[3];
  std::vector<double> fraction_, inside_;
  std::vector<Turns> turns_;       // of each atom: how often the cell was crossed to come inside
  Occupied table_;
  std::vector<int32_t> bin_;       // of each atom
  std::vector<int64_t> where_;     // of each bin: its three numbers
  std::vector<int32_t> first_;     // of each bin: its first atom in sorted order
  std::vector<int32_t> sorted_;    // the atoms in sorted order,
  std::vector<Turns> passed_;      // their turns,
  std::vector<double> at_[3];      // and positions
  std::vector<Image> images_;
  std::vector<size_t> around_;     // of each bin: its first neighbour
  std::vector<Neighbour> neighbours_;
};

// Pairs of all systems; false where something is not finite, or the atoms are not laid end to end
bool search(const double* positions, const double* cell, int64_t systems, const int32_t* owner, const bool* real,
            int64_t atoms, double cutoff, Output& out) {
  std::vector<int32_t> members;
  for (int64_t n = 0; n < atoms;) {
    const int32_t system = owner[n];
    if (system < 0 || system >= systems) return false;
    members.clear();
    for (; n < atoms && owner[n] == system; n++)
      if (real[n]) members.push_back(int32_t(n));
    if (n < atoms && owner[n] < system) return false;
    if (members.empty()) continue;
    World world(positions, cell + 9 * system, members, cutoff);
    if (!world.sound()) return false;
    world.search(out);
  }
  return true;
}

ffi::Error Search(double cutoff, Doubles positions, Doubles cell, Indices owner, Flags real, ffi::Result<Indices> i,
                  ffi::Result<Indices> j, ffi::Result<Indices> image, ffi::Result<Flags> found,
                  ffi::Result<Count> count) {
  const int64_t half = i->element_count() / 2, atoms = owner.element_count();
  Output out{i->typed_data(), j->typed_data(), image->typed_data(), half};
  const bool sound = search(positions.typed_data(), cell.typed_data(), cell.dimensions()[0], owner.typed_data(),
                            real.typed_data(), atoms, cutoff, out);
  const int64_t pairs = std::min(out.count, half);
  for (int64_t start : {int64_t(0), half}) {  // padded pairs join the last atom with itself
    std::fill_n(i->typed_data() + start + pairs, half - pairs, int32_t(atoms - 1));
    std::fill_n(j->typed_data() + start + pairs, half - pairs, int32_t(atoms - 1));
    std::fill_n(image->typed_data() + 3 * (start + pairs), 3 * (half - pairs), 0);
    std::fill_n(found->typed_data() + start, pairs, true);
    std::fill_n(found->typed_data() + start + pairs, half - pairs, false);
  }
  *count->typed_data() = sound ? out.count : -1;
  return ffi::Error::Success();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(search_pairs, Search,
                              ffi::Ffi::Bind()
                                  .Attr<double>("cutoff")
                                  .Arg<Doubles>()
                                  .Arg<Doubles>()
                                  .Arg<Indices>()
                                  .Arg<Flags>()
                                  .Ret<Indices>()
                                  .Ret<Indices>()
                                  .Ret<Indices>()
                                  .Ret<Flags>()
                                  .Ret<Count>());
