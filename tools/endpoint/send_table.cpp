#include "tools/endpoint/send_table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "common/invariant.h"

namespace endpoint {
namespace {

constexpr std::size_t kIdentities = 64, kPictures = 65536, kBursts = 4096;

struct SentPicture {
    std::atomic<std::int64_t> sent_ns;
    std::atomic<std::uint32_t> number;
};

struct Sender {
    std::atomic<std::uint64_t> pictures, bursts;  // how many were ever noted
    std::array<char, 512> clip;
    std::array<SentPicture, kPictures> picture;
    std::array<std::atomic<std::int64_t>, kBursts> burst;
};

}  // namespace

// A new file is full of zeros, and zeros are an empty table.
struct SendTable::Mapped {
    std::array<Sender, kIdentities> senders;
};

common::Result<std::unique_ptr<SendTable>> SendTable::open(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return common::fail(common::ErrorCode::Io, file.string() + ": " + std::strerror(errno));
    }
    void* at = MAP_FAILED;
    if (ftruncate(fd, sizeof(Mapped)) == 0) {
        at = mmap(nullptr, sizeof(Mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    const int error = errno;
    close(fd);
    if (at == MAP_FAILED) {
        return common::fail(common::ErrorCode::Io, file.string() + ": " + std::strerror(error));
    }
    std::unique_ptr<SendTable> table(new SendTable);
    table->mapped_ = static_cast<Mapped*>(at);
    return table;
}

SendTable::~SendTable() {
    if (mapped_ != nullptr) munmap(mapped_, sizeof(Mapped));
}

void SendTable::begin(std::uint32_t identity, const std::filesystem::path& clip) {
    INVARIANT(identity < kIdentities);
    Sender& sender = mapped_->senders[identity];
    sender.pictures = 0;
    sender.bursts = 0;
    sender.clip.fill(0);
    const std::string name = std::filesystem::absolute(clip).string();
    std::copy_n(name.begin(), std::min(name.size(), sender.clip.size() - 1), sender.clip.begin());
}

void SendTable::note_picture(std::uint32_t identity, std::uint32_t number, std::int64_t sent_ns) {
    Sender& sender = mapped_->senders[identity];
    const std::uint64_t at = sender.pictures.load();
    sender.picture[at % kPictures].sent_ns = sent_ns;
    sender.picture[at % kPictures].number = number;
    sender.pictures = at + 1;
}

void SendTable::note_burst(std::uint32_t identity, std::int64_t sent_ns) {
    Sender& sender = mapped_->senders[identity];
    const std::uint64_t at = sender.bursts.load();
    sender.burst[at % kBursts] = sent_ns;
    sender.bursts = at + 1;
}

std::string SendTable::clip_of(std::uint32_t identity) const {
    const auto& clip = mapped_->senders[identity % kIdentities].clip;
    return {clip.data(), strnlen(clip.data(), clip.size())};
}

std::optional<std::int64_t> SendTable::picture_sent(std::uint32_t identity, std::uint32_t number,
                                                    std::int64_t seen_ns) const {
    const Sender& sender = mapped_->senders[identity % kIdentities];
    const std::uint64_t count = sender.pictures.load();
    const std::uint64_t oldest = count > kPictures ? count - kPictures : 0;
    for (std::uint64_t i = count; i > oldest; --i) {
        const SentPicture& picture = sender.picture[(i - 1) % kPictures];
        if (picture.sent_ns <= seen_ns && picture.number == number) return picture.sent_ns;
    }
    return std::nullopt;
}

std::optional<std::int64_t> SendTable::burst_sent(std::uint32_t identity,
                                                  std::int64_t heard_ns) const {
    const Sender& sender = mapped_->senders[identity % kIdentities];
    const std::uint64_t count = sender.bursts.load();
    const std::uint64_t oldest = count > kBursts ? count - kBursts : 0;
    for (std::uint64_t i = count; i > oldest; --i) {
        const std::int64_t sent = sender.burst[(i - 1) % kBursts];
        if (sent <= heard_ns) return sent;
    }
    return std::nullopt;
}

}  // namespace endpoint
