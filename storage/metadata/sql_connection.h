#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"

namespace storage {

using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;
using SqlRow = std::vector<SqlValue>;

/// One statement; `$1`, `$2`, ... stand for the values. Values are never part of the text.
struct SqlStatement {
    std::string sql;
    std::vector<SqlValue> values = {};
};

/// A database that speaks SQL, and as little of it as two of them have in common.
///
/// Thread: one at a time; waits.
/// Errors: Unavailable (away, or busy), InvalidArgument (the statement is refused), Io.
class SqlConnection {
  public:
    virtual ~SqlConnection() = default;
    /// In one transaction: all or none.
    [[nodiscard]] virtual common::Result<void> transact(
        std::span<const SqlStatement> statements) = 0;
    [[nodiscard]] virtual common::Result<std::vector<SqlRow>> query(
        const SqlStatement& statement) = 0;
    /// A column that numbers rows in the order of writing, as its definition begins.
    [[nodiscard]] virtual std::string_view serial_type() const = 0;
    /// For messages: which database it is; without passwords.
    [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace storage
