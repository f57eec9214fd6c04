#pragma once

#include "common/result.h"
#include "storage/metadata/sql_connection.h"

namespace storage {

/// The version that this program makes of a database.
[[nodiscard]] int newest_schema_version();

/// Brings the database to the newest version, each step in a transaction of its own. Fails with
/// Unsupported, and changes nothing, when the database is newer than this program.
[[nodiscard]] common::Result<void> migrate(SqlConnection& database);

}  // namespace storage
