#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/result.h"
#include "storage/metadata/sql_connection.h"

namespace storage {

/// A PostgreSQL server. Connects when it is first needed, and again whenever it was lost; a
/// transaction goes out as one pipeline, so that it costs one way there and back. Nobody waits for
/// it longer than `patience`.
///
/// `url`: "postgresql://USER@HOST:PORT/DATABASE?passfile=FILE", as libpq has it. Fails with
/// InvalidArgument when it is none, or has a password in it: that stands in a file. Errors: as
/// class SqlConnection.
[[nodiscard]] common::Result<std::unique_ptr<SqlConnection>> open_postgres(
    const std::string& url, std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace storage
