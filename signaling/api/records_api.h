#pragma once

#include "signaling/api/router.h"
#include "storage/metadata/record_keeper.h"

namespace signaling {

/// Adds what docs/openapi.yaml says of events and calls to `router`. `archive` may be null, nothing
/// is kept then, and outlives the router's use. Thread: signald's loop.
void add_records_api(Router& router, storage::RecordArchive* archive);

}  // namespace signaling
