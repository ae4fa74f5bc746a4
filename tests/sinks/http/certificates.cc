#include "certificates.h"

#include <doctest/doctest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace rebuf::sinks::test {
namespace {

void add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

struct FileClose {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Identity make_identity(const std::filesystem::path& directory, const std::string& name,
                       const Identity* issuer, const std::string& alternative_names) {
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);  // means version 3
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer == nullptr ? 1 : 2);
  constexpr long day = 24L * 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate), -day);
  X509_gmtime_adj(X509_getm_notAfter(certificate), day);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  const Identity& signer = issuer == nullptr ? made : *issuer;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate.get()));
  if (issuer == nullptr) add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  if (!alternative_names.empty())
    add_extension(certificate, NID_subject_alt_name, alternative_names);
  REQUIRE(X509_sign(certificate, signer.key.get(), EVP_sha256()) > 0);

  made.certificate_file = directory / (name + ".crt");
  made.key_file = directory / (name + ".key");
  const std::unique_ptr<std::FILE, FileClose> crt(std::fopen(made.certificate_file.c_str(), "w"));
  REQUIRE(PEM_write_X509(crt.get(), certificate) == 1);
  const std::unique_ptr<std::FILE, FileClose> key(std::fopen(made.key_file.c_str(), "w"));
  REQUIRE(PEM_write_PrivateKey(key.get(), made.key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
          1);
  return made;
}

}  // namespace rebuf::sinks::test
