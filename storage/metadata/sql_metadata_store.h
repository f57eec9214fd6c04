#pragma once

#include <memory>

#include "storage/metadata/metadata_store.h"
#include "storage/metadata/sql_connection.h"

namespace storage {

/// A store in any SQL database, of the newest version when it is open. Fails with Unsupported when
/// the database is newer than this program. Thread and errors: as class MetadataStore.
[[nodiscard]] common::Result<std::unique_ptr<MetadataStore>> open_sql_store(
    std::unique_ptr<SqlConnection> database);

/// `where`: "sqlite:PATH". Fails with InvalidArgument for what is none of these.
[[nodiscard]] common::Result<std::unique_ptr<MetadataStore>> open_metadata_store(
    const std::string& where);

}  // namespace storage
