// C11 threads, mutexes and conditions by way of pthreads, in place of the C library's. Only for
// programs that run librdkafka under ThreadSanitizer, which does not see <threads.h>: it would
// crash in threads that it was not told of, and take every lock of librdkafka's for a race.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {

static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t));
static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t));

pthread_mutex_t* mutex(mtx_t* from) { return reinterpret_cast<pthread_mutex_t*>(from); }
pthread_cond_t* condition(cnd_t* from) { return reinterpret_cast<pthread_cond_t*>(from); }

int outcome(int error) {
  if (error == 0) return thrd_success;
  return error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

struct Start {
  thrd_start_t function;
  void* argument;
};

void* run(void* raw) {
  const std::unique_ptr<Start> start(static_cast<Start*>(raw));
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(start->function(start->argument)));
}

}  // namespace

extern "C" {

// librdkafka counts its references with atomics that ThreadSanitizer does not see either.
const char* __tsan_default_suppressions() { return "race:librdkafka.so\n"; }

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto start = std::make_unique<Start>(Start{function, argument});
  const int error = pthread_create(thread, nullptr, run, start.get());
  if (error == 0) (void)start.release();  // the thread owns it now
  return outcome(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* returned = nullptr;
  const int error = pthread_join(thread, &returned);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(returned));
  return outcome(error);
}

int mtx_init(mtx_t* created, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(
      &attributes, (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  const int error = pthread_mutex_init(mutex(created), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return outcome(error);
}
int mtx_lock(mtx_t* locked) { return outcome(pthread_mutex_lock(mutex(locked))); }
int mtx_unlock(mtx_t* unlocked) { return outcome(pthread_mutex_unlock(mutex(unlocked))); }
void mtx_destroy(mtx_t* gone) { pthread_mutex_destroy(mutex(gone)); }

int cnd_init(cnd_t* created) { return outcome(pthread_cond_init(condition(created), nullptr)); }
int cnd_signal(cnd_t* one) { return outcome(pthread_cond_signal(condition(one))); }
int cnd_broadcast(cnd_t* all) { return outcome(pthread_cond_broadcast(condition(all))); }
int cnd_wait(cnd_t* awaited, mtx_t* held) {
  return outcome(pthread_cond_wait(condition(awaited), mutex(held)));
}
int cnd_timedwait(cnd_t* awaited, mtx_t* held, const timespec* until) {
  return outcome(pthread_cond_timedwait(condition(awaited), mutex(held), until));
}
void cnd_destroy(cnd_t* gone) { pthread_cond_destroy(condition(gone)); }

}  // extern "C"
