// Gates and normalisations have enumerators of the same names.
#include "basnet_rt/config.h"

void set(basnet_rt::PostprocessConfig& config) {
  config.gate = basnet_rt::Gate::kHorizon;           // good
  config.gate = basnet_rt::Normalisation::kHorizon;  // bad: cannot convert
}
