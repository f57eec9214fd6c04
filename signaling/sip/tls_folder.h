#pragma once

#include <string>

namespace signaling {

/// A folder with nothing in it but what sofia-sip must find to open a TLS listener: a readable
/// `cafile.pem`. Its certificates are trusted by nobody, as peers' certificates are not asked for.
/// Gone with this object: sofia reads it only while it opens.
class TlsFolder {
  public:
    /// Nothing is made unless `wanted`.
    explicit TlsFolder(bool wanted);
    ~TlsFolder();
    TlsFolder(const TlsFolder&) = delete;
    TlsFolder& operator=(const TlsFolder&) = delete;

    /// Empty: none was wanted, or none could be made.
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace signaling
