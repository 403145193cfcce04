// Perceptrons with residual blocks that have one input: `perceptrons.py` states the equations, whose numbers stand here
// too. A few rows go through a whole perceptron at a time, and nothing but results and slopes leaves the first-level
// cache.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lanes.h"
#include "parts.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace {

constexpr int COLUMNS = LANES / 4;  // vectors of results that stay in registers for each row of a tile
constexpr int TILE = 6;             // rows

struct Network {
  int64_t rows;
  int channels, steps;          // steps of all perceptrons together
  ffi::Span<const int64_t> blocks, ends;  // of each perceptron: residual blocks, and whether a last step follows
  const float* kernels;         // [steps, channels, channels]; for the way back transposed
  const float* shapes;          // [steps, 3, channels]: α, β and bias

  const float* kernel(int step) const { return kernels + int64_t(step) * channels * channels; }
  const float* shape(int step) const { return shapes + int64_t(step) * 3 * channels; }
  int64_t size() const { return rows * channels; }
};

// out[t] = start[t] + in[t] · matrix for the rows of a tile
template <int WIDE, class Start>
inline void columns(const float* in, const float* matrix, int channels, int c, float* out, const Start& start) {
  Vector total[TILE][WIDE];
#pragma GCC unroll 6
  for (int t = 0; t < TILE; t++)
#pragma GCC unroll 4
    for (int v = 0; v < WIDE; v++) total[t][v] = start(t, c + v * LANES);
  for (int k = 0; k < channels; k++) {
    Vector m[WIDE];
#pragma GCC unroll 4
    for (int v = 0; v < WIDE; v++) m[v] = load(matrix + int64_t(k) * channels + c + v * LANES);
#pragma GCC unroll 6
    for (int t = 0; t < TILE; t++) {
      const Vector x = all(in[t * channels + k]);
#pragma GCC unroll 4
      for (int v = 0; v < WIDE; v++) total[t][v] += x * m[v];
    }
  }
#pragma GCC unroll 6
  for (int t = 0; t < TILE; t++)
#pragma GCC unroll 4
    for (int v = 0; v < WIDE; v++) store(out + t * channels + c + v * LANES, total[t][v]);
}

template <class Start>
inline void product(const float* in, const float* matrix, int channels, float* out, const Start& start) {
  int c = 0;
  for (; c + COLUMNS * LANES <= channels; c += COLUMNS * LANES) columns<COLUMNS>(in, matrix, channels, c, out, start);
  for (; c < channels; c += LANES) columns<1>(in, matrix, channels, c, out, start);
}

// (1) of the rows of a tile, and its slopes
inline void activate(const float* x, const float* shape, int channels, float* out, float* slopes, int rows) {
  for (int t = 0; t < TILE; t++)
    for (int c = 0; c < channels; c += LANES) {
      const Vector alpha = load(shape + c), beta = load(shape + channels + c), v = load(x + t * channels + c);
      const Vector s = 1 / (1 + exponential(-beta * v)), y = alpha * v * s;
      store(out + t * channels + c, y);
      if (t < rows) store(slopes + t * channels + c, alpha * s + beta * y * (1 - s));
    }
}

void forward(const Network& n, const float* x, int64_t begin, int64_t end, float* y, float* slopes) {
  const int channels = n.channels, tile = TILE * channels;
  std::vector<float> h(tile), one(tile), two(tile);
  for (int64_t first = begin; first < end; first += TILE) {
    const int rows = int(std::min<int64_t>(TILE, end - first));
    const int64_t at = first * channels;
    for (int p = 0, step = 0; p < int(n.blocks.size()); p++) {
      std::fill(h.begin(), h.end(), 0.0f);
      std::copy_n(x + at, rows * channels, h.data());
      auto next = [&](const float* in, float* out, const float* start) {
        const float* shape = n.shape(step);
        activate(in, shape, channels, one.data(), slopes + step * n.size() + at, rows);
        product(one.data(), n.kernel(step), channels, out, [&](int t, int c) {
          const Vector bias = load(shape + 2 * channels + c);
          return start ? load(start + t * channels + c) + bias : bias;
        });
        step++;
      };
      for (int b = 0; b < n.blocks[p]; b++) {
        next(h.data(), two.data(), nullptr);
        next(two.data(), h.data(), h.data());  // (2)
      }
      if (n.ends[p]) next(h.data(), h.data(), nullptr);  // (3)
      std::copy_n(h.data(), rows * channels, y + p * n.size() + at);
    }
  }
}

void backward(const Network& n, const float* gy, const float* slopes, int64_t begin, int64_t end, float* gx) {
  const int channels = n.channels, tile = TILE * channels;
  std::vector<float> g(tile), one(tile), two(tile), total(tile);
  for (int64_t first = begin; first < end; first += TILE) {
    const int rows = int(std::min<int64_t>(TILE, end - first));
    const int64_t at = first * channels;
    std::fill(total.begin(), total.end(), 0.0f);
    for (int p = int(n.blocks.size()) - 1, step = n.steps - 1; p >= 0; p--) {
      std::fill(g.begin(), g.end(), 0.0f);
      std::copy_n(gy + p * n.size() + at, rows * channels, g.data());
      auto back = [&](const float* in, float* out) {
        product(in, n.kernel(step), channels, out, [](int, int) { return Vector{}; });
        const float* slope = slopes + step * n.size() + at;
        for (int k = 0; k < rows * channels; k += LANES) store(out + k, load(out + k) * load(slope + k));
        step--;
      };
      if (n.ends[p]) {
        back(g.data(), one.data());
        std::swap(g, one);
      }
      for (int b = 0; b < n.blocks[p]; b++) {
        back(g.data(), one.data());
        back(one.data(), two.data());
        for (int k = 0; k < tile; k += LANES) add(&g[k], load(&two[k]));
      }
      for (int k = 0; k < tile; k += LANES) add(&total[k], load(&g[k]));
    }
    std::copy_n(total.data(), rows * channels, gx + at);
  }
}

// Rows in parts that begin with whole tiles
template <class Work>
void by_rows(ffi::ThreadPool& pool, int64_t rows, const Work& work) {
  const int64_t tiles = (rows + TILE - 1) / TILE, threads = std::max<int64_t>(1, pool.num_threads());
  const int parts = int(std::clamp<int64_t>(tiles / 2, 1, threads));
  share(pool, parts, [&](int part) {
    work(TILE * (tiles * part / parts), std::min(rows, TILE * (tiles * (part + 1) / parts)));
  });
}

using Floats = ffi::Buffer<ffi::F32>;
using Sizes = ffi::Span<const int64_t>;

ffi::Error describe(Network& n, Sizes blocks, Sizes ends, const Floats& like, const Floats& kernels) {
  const auto shape = like.dimensions();
  n.rows = shape[shape.size() - 2], n.channels = int(shape[shape.size() - 1]), n.blocks = blocks, n.ends = ends;
  n.kernels = kernels.typed_data(), n.shapes = nullptr, n.steps = 0;
  for (size_t p = 0; p < blocks.size(); p++) n.steps += int(2 * blocks[p] + ends[p]);
  if (n.channels % 16 || kernels.dimensions()[0] != n.steps || ends.size() != blocks.size())
    return ffi::Error::InvalidArgument("perceptrons: the kernel needs a multiple of 16 channels and all of its steps");
  return ffi::Error::Success();
}

ffi::Error Forward(ffi::ThreadPool pool, Sizes blocks, Sizes ends, Floats x, Floats kernels, Floats shapes,
                   ffi::Result<Floats> y, ffi::Result<Floats> slopes) {
  Network n;
  ffi::Error error = describe(n, blocks, ends, x, kernels);
  if (error.failure()) return error;
  n.shapes = shapes.typed_data();
  by_rows(pool, n.rows, [&](int64_t begin, int64_t end) {
    forward(n, x.typed_data(), begin, end, y->typed_data(), slopes->typed_data());
  });
  return ffi::Error::Success();
}

ffi::Error Backward(ffi::ThreadPool pool, Sizes blocks, Sizes ends, Floats gy, Floats slopes, Floats turned,
                    ffi::Result<Floats> gx) {
  Network n;
  ffi::Error error = describe(n, blocks, ends, gy, turned);
  if (error.failure()) return error;
  by_rows(pool, n.rows, [&](int64_t begin, int64_t end) {
    backward(n, gy.typed_data(), slopes.typed_data(), begin, end, gx->typed_data());
  });
  return ffi::Error::Success();
}

template <class Binding>
auto given(Binding binding) {
  return std::move(binding)
      .template Attr<Sizes>("blocks")
      .template Attr<Sizes>("ends")
      .template Arg<Floats>()
      .template Arg<Floats>()
      .template Arg<Floats>();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(perceptrons_forward, Forward,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Ret<Floats>().Ret<Floats>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(perceptrons_backward, Backward,
                              given(ffi::Ffi::Bind().Ctx<ffi::ThreadPool>()).Ret<Floats>());
