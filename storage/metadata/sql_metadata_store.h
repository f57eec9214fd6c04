#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/metadata/metadata_store.h"
#include "storage/metadata/sql_connection.h"

namespace storage {

/// A store in any SQL database, of the newest version as soon as it can be reached. Fails with
/// Unsupported when the database is newer than this program, and with what else is wrong, but for
/// Unavailable with `WhenAway::Wait`: then it is tried again by whoever asks. Thread and errors: as
/// class MetadataStore.
enum class WhenAway : std::uint8_t { Fail, Wait };
[[nodiscard]] common::Result<std::unique_ptr<MetadataStore>> open_sql_store(
    std::unique_ptr<SqlConnection> database, WhenAway when_away = WhenAway::Fail);

/// `where`: "sqlite:PATH", or a URL of PostgreSQL (postgres_connection.h), which may be away. Fails
/// with InvalidArgument for what is none of these.
[[nodiscard]] common::Result<std::unique_ptr<MetadataStore>> open_metadata_store(
    const std::string& where);

}  // namespace storage
