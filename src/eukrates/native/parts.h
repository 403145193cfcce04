// Work on many pairs that adds to arrays of few atoms, shared between threads, with results that do not depend on luck.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "xla/ffi/api/ffi.h"

constexpr int LEAST_PAIRS = 128;  // that are worth a thread

// Parts 0, 1, … of some work, each done once, by this thread and whichever of the pool are free
template <class Work>
void share(xla::ffi::ThreadPool& pool, int parts, const Work& work) {
  struct State {
    std::atomic<int> next{0};
    int done = 0;
    std::mutex lock;
    std::condition_variable finished;
  };
  auto state = std::make_shared<State>();
  auto take = [state, parts, &work] {
    for (int part; (part = state->next++) < parts;) {  // `work` is alive while there are parts to take
      work(part);
      std::lock_guard<std::mutex> hold(state->lock);
      if (++state->done == parts) state->finished.notify_all();
    }
  };
  for (int n = 1; n < parts; n++) pool.Schedule(decltype(take)(take));
  take();
  std::unique_lock<std::mutex> hold(state->lock);
  state->finished.wait(hold, [&] { return state->done == parts; });
}

// Work on parts of the pairs that adds to arrays of atoms: each part adds to its own, and then they are added up, in an
// order that does not depend on who did what
template <class One, class Two, class Work>
void by_parts(xla::ffi::ThreadPool& pool, int64_t pairs, int64_t one, One* out_one, int64_t two, Two* out_two,
              const Work& work) {
  const int64_t threads = std::max<int64_t>(1, pool.num_threads());
  const int parts = int(std::clamp<int64_t>(pairs / LEAST_PAIRS, 1, threads));
  std::vector<std::vector<One>> ones(parts);
  std::vector<std::vector<Two>> twos(parts);
  share(pool, parts, [&](int part) {
    if (part)
      ones[part].assign(one, One(0)), twos[part].assign(two, Two(0));
    else
      std::fill_n(out_one, one, One(0)), std::fill_n(out_two, two, Two(0));
    One* to_one = part ? ones[part].data() : out_one;
    Two* to_two = part ? twos[part].data() : out_two;
    work(pairs * part / parts, pairs * (part + 1) / parts, to_one, to_two);
  });
  if (parts == 1) return;
  share(pool, parts, [&](int part) {
    for (int other = 1; other < parts; other++) {
      for (int64_t n = one * part / parts; n < one * (part + 1) / parts; n++) out_one[n] += ones[other][n];
      for (int64_t n = two * part / parts; n < two * (part + 1) / parts; n++) out_two[n] += twos[other][n];
    }
  });
}
