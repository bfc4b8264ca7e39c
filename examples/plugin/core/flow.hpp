#pragma once
#include "queue.hpp"
#include "recipe.hpp"

namespace foley {

/// An endless sound on its way from the network thread to the audio thread. What `state` says decides whose it is: the
/// audio thread takes a Free one, fills in what it wants and makes it Wanted; when it is done with it, Left; the network
/// thread makes it Free again. Refused: the server will not play it.
struct Flow {
  enum State : uint32_t { Free, Wanted, Left, Refused };

  std::atomic<uint32_t> state{Free};
  uint32_t zone = 0;
  Recipe recipe;
  SampleRing<1u << 16> ring;  ///< At the host's rate.
};

constexpr uint32_t kFlows = 8;
using Flows = std::array<Flow, kFlows>;

}  // namespace foley
