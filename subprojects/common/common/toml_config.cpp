#include "common/toml_config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace common {
namespace {

// What stands in the file, for the sentence "found ..., expected ...".
std::string describe(const toml::node& node) {
    if (node.is_table()) return "a table";
    std::ostringstream out;
    if (const auto* array = node.as_array()) {
        const auto is_value = [](const toml::node& element) { return element.is_value(); };
        if (array->size() > 8 || !std::ranges::all_of(*array, is_value)) return "an array";
        std::string elements;
        for (const toml::node& element : *array) {
            elements += (elements.empty() ? "" : ", ") + describe(element);
        }
        return "[" + elements + "]";
    }
    node.visit([&out](const auto& value) {
        if constexpr (toml::is_value<decltype(value)>) {
            if constexpr (toml::is_string<decltype(value)>) {
                out << '"' << value.get() << '"';
            } else {
                out << value;
            }
        }
    });
    std::string text = out.str();
    constexpr std::size_t kLongestQuote = 60;
    if (text.size() > kLongestQuote) text = text.substr(0, kLongestQuote) + "…\"";
    return text;
}

std::string join(const auto& words) {
    std::string line;
    for (const auto& word : words) {
        if (!line.empty()) line += ", ";
        line += word;
    }
    return line;
}

}  // namespace

std::string ConfigProblem::to_string() const {
    if (line == 0) return file + ": " + message;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message;
}

struct TomlDocument::Private {
    std::string file;
    toml::table root;
    std::vector<ConfigProblem> problems;
    std::map<const toml::table*, std::set<std::string, std::less<>>> asked;

    void note(const toml::source_region& where, std::string message) {
        problems.push_back({file, where.begin.line, where.begin.column, std::move(message)});
    }
    void mismatch(std::string_view key, const toml::node& node, const std::string& expected) {
        note(node.source(),
             std::string(key) + ": found " + describe(node) + ", expected " + expected);
    }
    const toml::node* ask(const void* table, std::string_view key) {
        if (table == nullptr) return nullptr;
        const auto* t = static_cast<const toml::table*>(table);
        asked[t].emplace(key);
        return t->get(key);
    }
};

bool TomlSection::has(std::string_view key) const {
    return table_ != nullptr && static_cast<const toml::table*>(table_)->contains(key);
}

std::string TomlSection::text(std::string_view key, std::string fallback) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return fallback;
    if (const auto* value = node->as_string()) return value->get();
    document_->d_->mismatch(key, *node, "a string");
    return fallback;
}

std::int64_t TomlSection::integer(std::string_view key, std::int64_t fallback, std::int64_t least,
                                  std::int64_t most) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return fallback;
    const auto* value = node->as_integer();
    if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
    document_->d_->mismatch(
        key, *node, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
    return fallback;
}

double TomlSection::number(std::string_view key, double fallback, double least, double most) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return fallback;
    const std::optional<double> value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && *value >= least && *value <= most) return *value;
    std::ostringstream expected;
    expected << "a number from " << least << " to " << most;
    document_->d_->mismatch(key, *node, expected.str());
    return fallback;
}

bool TomlSection::boolean(std::string_view key, bool fallback) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return fallback;
    if (const auto* value = node->as_boolean()) return value->get();
    document_->d_->mismatch(key, *node, "true or false");
    return fallback;
}

std::string TomlSection::choice(std::string_view key, std::string fallback,
                                std::span<const std::string_view> words) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return fallback;
    if (const auto* value = node->as_string();
        value != nullptr && std::ranges::find(words, value->get()) != words.end()) {
        return value->get();
    }
    document_->d_->mismatch(key, *node, "one of " + join(words));
    return fallback;
}

std::vector<std::string> TomlSection::texts(std::string_view key,
                                            std::vector<std::string> fallback) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return fallback;
    if (const auto* value = node->as_string()) return {value->get()};
    const auto* array = node->as_array();
    if (array == nullptr) {
        document_->d_->mismatch(key, *node, "an array of strings");
        return fallback;
    }
    std::vector<std::string> values;
    for (const toml::node& element : *array) {
        if (const auto* value = element.as_string()) {
            values.push_back(value->get());
        } else {
            document_->d_->mismatch(key, element, "a string");
        }
    }
    return values;
}

std::vector<double> TomlSection::numbers(std::string_view key, std::size_t count,
                                         const std::string& expected) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return {};
    std::vector<double> values;
    if (const auto* array = node->as_array(); array != nullptr && array->size() == count) {
        for (const toml::node& element : *array) {
            const auto value = element.is_number() ? element.value<double>() : std::nullopt;
            if (value && std::isfinite(*value)) values.push_back(*value);
        }
    }
    if (values.size() == count) return values;
    document_->d_->mismatch(key, *node, expected);
    return {};
}

TomlSection TomlSection::section(std::string_view key) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return {*document_, nullptr};
    if (node->is_table()) return {*document_, node->as_table()};
    document_->d_->mismatch(key, *node, "a table: [" + std::string(key) + "]");
    return {*document_, nullptr};
}

std::vector<TomlSection> TomlSection::sections(std::string_view key) {
    const toml::node* node = document_->d_->ask(table_, key);
    if (node == nullptr) return {};
    const std::string expected = "tables, each starting with [[" + std::string(key) + "]]";
    const auto* array = node->as_array();
    if (array == nullptr) {
        document_->d_->mismatch(key, *node, expected);
        return {};
    }
    std::vector<TomlSection> tables;
    for (const toml::node& element : *array) {
        if (element.is_table()) {
            tables.push_back(TomlSection(*document_, element.as_table()));
        } else {
            document_->d_->mismatch(key, element, expected);
        }
    }
    return tables;
}

void TomlSection::require(std::string_view key) {
    if (table_ == nullptr || document_->d_->ask(table_, key) != nullptr) return;
    document_->d_->note(static_cast<const toml::table*>(table_)->source(),
                        "'" + std::string(key) + "' is missing");
}

void TomlSection::leave(std::string_view key) {
    static_cast<void>(document_->d_->ask(table_, key));
}

void TomlSection::problem(std::string_view key, const std::string& message,
                          std::optional<std::size_t> index) {
    toml::source_region where;
    if (const auto* table = static_cast<const toml::table*>(table_)) {
        const toml::node* node = table->get(key);
        if (node != nullptr && index && node->is_array() && *index < node->as_array()->size()) {
            node = node->as_array()->get(*index);
        }
        where = node != nullptr ? node->source() : table->source();
    }
    document_->d_->note(where, std::string(key) + ": " + message);
}

void TomlSection::mismatch(std::string_view key, const std::string& expected) {
    if (const toml::node* node = document_->d_->ask(table_, key)) {
        document_->d_->mismatch(key, *node, expected);
    }
}

std::uint32_t TomlSection::line() const {
    return table_ == nullptr ? 0 : static_cast<const toml::table*>(table_)->source().begin.line;
}

TomlDocument::TomlDocument(std::unique_ptr<Private> d) : d_(std::move(d)) {}
TomlDocument::TomlDocument(TomlDocument&&) noexcept = default;
TomlDocument& TomlDocument::operator=(TomlDocument&&) noexcept = default;
TomlDocument::~TomlDocument() = default;

TomlDocument TomlDocument::parse(std::string_view text, std::string file) {
    auto d = std::make_unique<Private>();
    d->file = std::move(file);
    try {
        d->root = toml::parse(text, std::string_view(d->file));
    } catch (const toml::parse_error& error) {
        d->note(error.source(), std::string(error.description()));
    }
    return TomlDocument(std::move(d));
}

TomlDocument TomlDocument::load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    // A folder opens well and fails at the first read.
    if (in && in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
    if (!in.is_open() || in.bad()) {
        auto d = std::make_unique<Private>();
        d->file = path;
        d->note({}, "cannot be read");
        return TomlDocument(std::move(d));
    }
    return parse(text.str(), path);
}

TomlSection TomlDocument::root() {
    return {*this, &d_->root};
}

void TomlDocument::reject_unknown_keys() {
    for (const auto& [table, keys] : d_->asked) {
        for (const auto& [key, node] : *table) {
            if (keys.contains(key.str())) continue;
            d_->note(key.source(),
                     "unknown key '" + std::string(key.str()) + "'; known here: " + join(keys));
        }
    }
}

std::vector<ConfigProblem> TomlDocument::problems() const {
    std::vector<ConfigProblem> sorted = d_->problems;
    std::ranges::stable_sort(sorted, {},
                             [](const ConfigProblem& p) { return std::pair(p.line, p.column); });
    return sorted;
}

Result<void> TomlDocument::verdict() const {
    if (d_->problems.empty()) return {};
    std::string lines;
    for (const ConfigProblem& problem : problems()) {
        if (!lines.empty()) lines += '\n';
        lines += problem.to_string();
    }
    return fail(ErrorCode::InvalidArgument, std::move(lines));
}

}  // namespace common
