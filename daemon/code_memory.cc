#include "daemon/code_memory.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace rebuf::daemon {
namespace {

// Whether the loader wrote into what is otherwise read-only: nobody else has these bytes then.
bool has_text_relocations(const dl_phdr_info& object, std::span<const ElfW(Phdr)> headers) {
  const auto dynamic =
      std::ranges::find_if(headers, [](const auto& header) { return header.p_type == PT_DYNAMIC; });
  if (dynamic == headers.end()) return false;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): where the loader put it
  const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + dynamic->p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry)
    if (entry->d_tag == DT_TEXTREL ||
        (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
      return true;
  return false;
}

int let_go_of(dl_phdr_info* object, std::size_t /*size*/, void* /*nothing*/) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::span headers(object->dlpi_phdr, object->dlpi_phnum);
  if (has_text_relocations(*object, headers)) return 0;
  for (const auto& header : headers) {
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + header.p_vaddr) / page * page;
    const std::uintptr_t end = object->dlpi_addr + header.p_vaddr + header.p_memsz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): where the loader put it
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // saves nothing
  }
  return 0;
}

}  // namespace

void let_go_of_start_code() noexcept { ::dl_iterate_phdr(let_go_of, nullptr); }

}  // namespace rebuf::daemon
