// Certificates made for a test, as PEM files in its directory.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <filesystem>
#include <memory>
#include <string>

namespace rebuf::sinks::test {

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

struct Identity {
  std::unique_ptr<EVP_PKEY, KeyFree> key;
  std::unique_ptr<X509, CertificateFree> certificate;
  // Written to <name>.crt and <name>.key.
  std::string certificate_file;
  std::string key_file;
};

// Signed by `issuer`, or by itself: then it is an authority. `alternative_names` as OpenSSL writes
// them: "DNS:localhost,IP:127.0.0.1".
[[nodiscard]] Identity make_identity(const std::filesystem::path& directory,
                                     const std::string& name, const Identity* issuer = nullptr,
                                     const std::string& alternative_names = "");

}  // namespace rebuf::sinks::test
