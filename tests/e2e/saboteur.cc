#include "saboteur.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace rebuf::e2e {

Saboteur::Saboteur(const std::filesystem::path& home) : file_(home / "interposed") {
  const int file = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  REQUIRE(file >= 0);
  REQUIRE(::ftruncate(file, sizeof(Interposed)) == 0);
  void* const at = ::mmap(nullptr, sizeof(Interposed), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  REQUIRE(at != MAP_FAILED);
  shared_ = new (at) Interposed;
}

Saboteur::~Saboteur() { ::munmap(shared_, sizeof(Interposed)); }

std::vector<std::string> Saboteur::environment() const {
  return {std::string("LD_PRELOAD=") + REBUF_INTERPOSER,
          std::string(interposed_variable) + "=" + file_.string()};
}

void Saboteur::heal() {
  fail_writes(0);
  fail_syncs(0);
  shift_clock({});
}

}  // namespace rebuf::e2e
