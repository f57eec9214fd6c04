#include "mcu/transport/datagram_demux.h"

namespace mcu {

DatagramKind kind_of(std::span<const std::uint8_t> datagram) {
    if (datagram.empty()) return DatagramKind::Other;
    const std::uint8_t first = datagram[0];
    if (first >= 128 && first <= 191) return DatagramKind::Media;
    if (first <= 3) return DatagramKind::Stun;
    if (first >= 20 && first <= 63) return DatagramKind::Dtls;
    return DatagramKind::Other;
}

void DatagramDemux::on_datagram(const Datagram& datagram) {
    switch (kind_of(datagram.bytes)) {
        case DatagramKind::Media:
            return deliver(readers_.media, counters_.media, datagram);
        case DatagramKind::Stun:
            return deliver(readers_.stun, counters_.stun, datagram);
        case DatagramKind::Dtls:
            return deliver(readers_.dtls, counters_.dtls, datagram);
        case DatagramKind::Other:
            ++counters_.dropped;
    }
}

void DatagramDemux::deliver(DatagramReader* reader, std::uint64_t& counter,
                            const Datagram& datagram) {
    if (reader == nullptr) {
        ++counters_.dropped;
        return;
    }
    ++counter;
    reader->on_datagram(datagram);
}

}  // namespace mcu
