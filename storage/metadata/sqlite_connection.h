#pragma once

#include <memory>
#include <string>

#include "common/result.h"
#include "storage/metadata/sql_connection.h"

namespace storage {

/// A database file of SQLite: write-ahead log, each transaction on the disk when it returns. The
/// file is made, for its owner alone, when it is not there. Errors: as class SqlConnection.
[[nodiscard]] common::Result<std::unique_ptr<SqlConnection>> open_sqlite(const std::string& path);

}  // namespace storage
