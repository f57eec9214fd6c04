#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace common {

/// One mistake in a configuration file: where it stands, what was found and what was expected.
struct ConfigProblem {
    std::string file;
    std::uint32_t line = 0;    ///< from 1; 0: the file as a whole (it could not be read)
    std::uint32_t column = 0;  ///< from 1, in characters
    std::string message;
    /// `tessera.toml:3:5: max_participants: found "ten", expected an integer from 1 to 200`
    [[nodiscard]] std::string to_string() const;
};

class TomlDocument;

/// One table of a TomlDocument, read key by key. A wrong value is noted in the document and
/// answered with the fallback, so that one run finds every mistake. A section that is not in the
/// file answers every fallback.
///
/// Owner: a view into its TomlDocument, which outlives it.
class TomlSection {
  public:
    /// True when the table stands in the file.
    [[nodiscard]] bool present() const { return table_ != nullptr; }
    [[nodiscard]] bool has(std::string_view key) const;

    [[nodiscard]] std::string text(std::string_view key, std::string fallback);
    [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback,
                                       std::int64_t least, std::int64_t most);
    /// Integers and decimals.
    [[nodiscard]] double number(std::string_view key, double fallback, double least, double most);
    [[nodiscard]] bool boolean(std::string_view key, bool fallback);
    /// One of `words`.
    [[nodiscard]] std::string choice(std::string_view key, std::string fallback,
                                     std::span<const std::string_view> words);
    /// An array of strings; a single string counts as an array of one.
    [[nodiscard]] std::vector<std::string> texts(std::string_view key,
                                                 std::vector<std::string> fallback);
    /// An array of exactly `count` finite numbers, integers and decimals; `expected` names them.
    /// Empty when the key is absent or wrong.
    [[nodiscard]] std::vector<double> numbers(std::string_view key, std::size_t count,
                                              const std::string& expected);
    /// `[key]`; absent when the file has none.
    [[nodiscard]] TomlSection section(std::string_view key);
    /// `[[key]]`, in the order of the file.
    [[nodiscard]] std::vector<TomlSection> sections(std::string_view key);
    /// Notes that the key must be given, unless it is.
    void require(std::string_view key);
    /// The key belongs to somebody else: neither read nor unknown.
    void leave(std::string_view key);

    /// The caller's own complaint about a value, at the value's place (of the table, if the key is
    /// absent). `index`: of an array's element.
    void problem(std::string_view key, const std::string& message,
                 std::optional<std::size_t> index = {});
    /// The same in the reader's own words, for a key that stands in the file: `key: found ...,
    /// expected ...`.
    void mismatch(std::string_view key, const std::string& expected);
    /// `line` of the file where the section starts; 0 when it is not there.
    [[nodiscard]] std::uint32_t line() const;

  private:
    friend class TomlDocument;
    TomlSection(TomlDocument& document, const void* table) : document_(&document), table_(table) {}
    TomlDocument* document_;
    const void* table_;  // toml::table; the type stays in the .cpp
};

/// Reads TOML strictly: every value has the type and range its reader asked for, every key is
/// known, and all mistakes are reported, each with its line and column. Holds no policy: daemons
/// say what they expect.
///
/// Thread: one at a time.
class TomlDocument {
  public:
    /// Never fails: a syntax error is a problem of the document, which is then empty.
    /// `file` is the name that problems carry.
    static TomlDocument parse(std::string_view text, std::string file);
    /// A file that cannot be read is a problem too.
    static TomlDocument load(const std::string& path);

    TomlDocument(TomlDocument&&) noexcept;
    TomlDocument& operator=(TomlDocument&&) noexcept;
    ~TomlDocument();

    /// The top of the file.
    [[nodiscard]] TomlSection root();
    /// Notes every key that nobody read, in tables that somebody read. Call once, when all is read.
    void reject_unknown_keys();
    /// All mistakes so far, in the order of the file.
    [[nodiscard]] std::vector<ConfigProblem> problems() const;
    /// All problems, one a line, as an Error; nothing when there is none.
    [[nodiscard]] Result<void> verdict() const;

  private:
    friend class TomlSection;
    struct Private;
    explicit TomlDocument(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d_;
};

}  // namespace common
