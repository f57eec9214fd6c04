#include "mcu/transport/net_thread.h"

#include <glib-unix.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <future>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>

#include "common/invariant.h"
#include "common/mutex.h"
#include "common/thread_checker.h"
#include "mcu/transport/receive_batch.h"

namespace mcu {

using common::Duration;
using common::MutexLock;
using common::Timestamp;

struct NetThread::Impl {
    using TimerKey = std::pair<Timestamp, std::uint64_t>;

    Impl(const common::Clock& clock_in, Runs runs_in);
    ~Impl();

    // Any thread.
    bool enqueue(std::function<void()> task, std::size_t limit) EXCLUDES(mutex);
    void enqueue_call(std::function<void()> task) EXCLUDES(mutex);
    void notify(Wakeup& wakeup);

    // Net thread.
    void service();
    void rest(std::chrono::steady_clock::time_point began) EXCLUDES(mutex);
    bool run_due_timers();
    void arm();
    void add_epoll(int fd) const;

    void run_tasks() EXCLUDES(mutex);
    void forget(Wakeup& wakeup);
    void collect_wakeups();
    void run_wakeups();
    void wake();  // any thread

    const common::Clock& clock;
    const Runs runs;
    const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    const int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    GMainContext* const context = g_main_context_new();
    GMainLoop* const loop = g_main_loop_new(context, FALSE);
    GSource* const source = g_unix_fd_source_new(epoll_fd, G_IO_IN);

    common::ThreadChecker net_thread;
    std::unordered_map<int, FdHandler*> handlers;
    std::map<TimerKey, Timer*> timers;
    std::uint64_t timers_started = 0;
    ReceiveBatch batch;
    std::map<std::type_index, std::shared_ptr<void>> shared;

    common::Mutex mutex;
    std::deque<std::function<void()>> tasks GUARDED_BY(mutex);
    bool called GUARDED_BY(mutex) = false;  ///< somebody waits for one of `tasks`
    common::CondVar rest_over;

    /// Ticks notify without a lock: onto this stack, which the net thread takes as a whole.
    std::atomic<Wakeup*> notified{nullptr};
    std::atomic<bool> woken{false};  ///< event_fd holds a 1 that nobody has read
    Wakeup* first_wakeup = nullptr;  // net thread: taken from the stack, oldest first
    Wakeup* last_wakeup = nullptr;   // net thread

    Timestamp armed{};  // net thread: the due that timer_fd waits for, if any

    std::thread thread;
};

NetThread::Impl::Impl(const common::Clock& clock_in, Runs runs_in)
    : clock(clock_in), runs(runs_in) {
    INVARIANT(epoll_fd >= 0 && event_fd >= 0 && timer_fd >= 0);
    add_epoll(event_fd);
    add_epoll(timer_fd);
    const GUnixFDSourceFunc on_ready = [](int, GIOCondition, gpointer self) -> gboolean {
        static_cast<Impl*>(self)->service();
        return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(source, reinterpret_cast<GSourceFunc>(reinterpret_cast<void*>(on_ready)),
                          this, nullptr);
    // GLib would take a source that may not recurse out of its poll set while it is dispatched, and
    // put it back: two wakes of itself each time. Nothing here runs the loop from within.
    g_source_set_can_recurse(source, TRUE);
    g_source_attach(source, context);
}

NetThread::Impl::~Impl() {
    g_source_destroy(source);
    g_source_unref(source);
    g_main_loop_unref(loop);
    g_main_context_unref(context);
    close(timer_fd);
    close(event_fd);
    close(epoll_fd);
}

void NetThread::Impl::add_epoll(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    INVARIANT(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0);
}

void NetThread::Impl::wake() {
    if (woken.exchange(true, std::memory_order_acq_rel)) return;
    const std::uint64_t one = 1;
    (void)!write(event_fd, &one, sizeof(one));
}

bool NetThread::Impl::enqueue(std::function<void()> task, std::size_t limit) {
    MutexLock lock(mutex);
    if (tasks.size() >= limit) return false;
    tasks.push_back(std::move(task));
    wake();
    return true;
}

/// Without the bound of posts: those who wait here are bounded by the number of threads.
void NetThread::Impl::enqueue_call(std::function<void()> task) {
    MutexLock lock(mutex);
    tasks.push_back(std::move(task));
    called = true;
    rest_over.notify_one();
    wake();
}

void NetThread::Impl::notify(Wakeup& wakeup) {
    // Whoever set the flag owns the link until the net thread has taken it from the stack.
    if (wakeup.pending_.exchange(true, std::memory_order_acq_rel)) return;
    wakeup.next_ = notified.load(std::memory_order_relaxed);
    while (!notified.compare_exchange_weak(wakeup.next_, &wakeup, std::memory_order_release,
                                           std::memory_order_relaxed)) {
    }
    wake();
}

void NetThread::Impl::collect_wakeups() {
    Wakeup* newest = notified.exchange(nullptr, std::memory_order_acquire);
    Wakeup* oldest = nullptr;
    Wakeup* const last = newest;
    while (newest != nullptr) {
        Wakeup* const before = newest->next_;
        newest->next_ = oldest;
        oldest = newest;
        newest = before;
    }
    if (oldest == nullptr) return;
    (last_wakeup == nullptr ? first_wakeup : last_wakeup->next_) = oldest;
    last_wakeup = last;
}

void NetThread::Impl::forget(Wakeup& wakeup) {
    if (!wakeup.pending_.load(std::memory_order_acquire)) return;
    collect_wakeups();
    Wakeup* before = nullptr;
    for (Wakeup* w = first_wakeup; w != &wakeup; w = w->next_) before = w;
    (before == nullptr ? first_wakeup : before->next_) = wakeup.next_;
    if (last_wakeup == &wakeup) last_wakeup = before;
}

/// Packets of many callers come one by one, and a wake costs more than the packet: what comes
/// within kLeastBetweenWakes is served by the next. After the work rather than before it: what
/// comes to an idle thread is served at once, and a busy one finds something to do without sleeping
/// again. Who waits in `call` ends the rest: a hundred joins a second are thousands of calls.
void NetThread::Impl::rest(std::chrono::steady_clock::time_point began) {
    if (runs == Runs::WhenTold) return;
    const auto end = began + kLeastBetweenWakes;
    MutexLock lock(mutex);
    while (!called) {
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= Duration::zero()) return;
        rest_over.wait_for(mutex, left);
    }
}

void NetThread::Impl::service() {
    net_thread.check();
    const auto began = std::chrono::steady_clock::now();
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_fd, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        std::uint64_t ticks = 0;
        if (fd == event_fd) {
            // Read before the lists are looked at: what is added later writes again.
            (void)!read(event_fd, &ticks, sizeof(ticks));
            // An exchange, so that what was added before a `wake` that found it set is seen here.
            (void)woken.exchange(false, std::memory_order_acq_rel);
            run_tasks();
            run_wakeups();
        } else if (fd == timer_fd) {
            (void)!read(timer_fd, &ticks, sizeof(ticks));
            armed = {};
        } else if (const auto found = handlers.find(fd); found != handlers.end()) {
            // Looked up each time: an earlier callback of this batch may have closed it.
            found->second->on_readable();
        }
    }
    run_due_timers();
    arm();
    rest(began);
}

void NetThread::Impl::run_tasks() {
    std::deque<std::function<void()>> ready;
    {
        MutexLock lock(mutex);
        ready.swap(tasks);
        called = false;
    }
    for (const std::function<void()>& task : ready) task();
}

void NetThread::Impl::run_wakeups() {
    collect_wakeups();
    // One at a time, so that a callback may destroy another Wakeup; those notified meanwhile wait
    // for the next round.
    while (first_wakeup != nullptr) {
        Wakeup* const wakeup = first_wakeup;
        first_wakeup = wakeup->next_;
        if (first_wakeup == nullptr) last_wakeup = nullptr;
        wakeup->pending_.store(false, std::memory_order_release);
        wakeup->on_wake_();
    }
}

bool NetThread::Impl::run_due_timers() {
    const Timestamp now = clock.now();
    bool any = false;
    // At most as many as there are: one that restarts itself in the past must not hold up the
    // sockets.
    for (std::size_t left = timers.size(); left > 0 && !timers.empty(); --left) {
        const auto first = timers.begin();
        if (first->first.first > now) break;
        Timer* timer = first->second;
        timers.erase(first);
        timer->running_ = false;
        any = true;
        timer->on_due_();
    }
    return any;
}

void NetThread::Impl::arm() {
    if (runs == Runs::WhenTold) return;
    const Timestamp first = timers.empty() ? Timestamp{} : timers.begin()->first.first;
    if (first == armed) return;
    armed = first;
    itimerspec when{};
    if (!timers.empty()) {
        const Duration wait = first - clock.now();
        const std::int64_t ns = std::max<std::int64_t>(wait.count(), 1);  // 0 would disarm
        when.it_value.tv_sec = ns / 1'000'000'000;
        when.it_value.tv_nsec = ns % 1'000'000'000;
    }
    timerfd_settime(timer_fd, 0, &when, nullptr);
}

NetThread::NetThread(const std::string& name, const common::Clock& clock, Runs runs)
    : clock_(clock), impl_(std::make_unique<Impl>(clock, runs)) {
    if (runs == Runs::WhenTold) {
        impl_->net_thread.check();  // binds to the creator
        return;
    }
    std::promise<void> bound;
    impl_->thread = std::thread([this, &bound] {
        impl_->net_thread.check();
        bound.set_value();
        g_main_context_push_thread_default(impl_->context);
        g_main_loop_run(impl_->loop);
        g_main_context_pop_thread_default(impl_->context);
    });
    // Not before the checker is bound: `is_current` of another thread would bind it to itself.
    bound.get_future().wait();
    pthread_setname_np(impl_->thread.native_handle(), name.substr(0, 15).c_str());
}

NetThread::~NetThread() {
    if (impl_->runs == Runs::WhenTold) {
        run_ready();
        return;
    }
    impl_->enqueue_call([this] { g_main_loop_quit(impl_->loop); });
    impl_->thread.join();
}

bool NetThread::post(std::function<void()> task) {
    return impl_->enqueue(std::move(task), kMaxPosts);
}

void NetThread::call(const std::function<void()>& task) {
    if (is_current()) {
        task();
        return;
    }
    std::promise<void> done;
    impl_->enqueue_call([&] {
        task();
        done.set_value();
    });
    done.get_future().wait();
}

bool NetThread::is_current() const {
    return impl_->net_thread.is_current();
}

void NetThread::run_ready() {
    INVARIANT(impl_->runs == Runs::WhenTold);
    impl_->net_thread.check();
    bool worked = true;
    while (worked) {
        worked = g_main_context_iteration(impl_->context, FALSE) != FALSE;
        worked = impl_->run_due_timers() || worked;
    }
}

bool NetThread::run_until(const std::function<bool()>& done, Duration max_wait) {
    const auto deadline = std::chrono::steady_clock::now() + max_wait;
    while (true) {
        run_ready();
        if (done()) return true;
        const auto left = deadline - std::chrono::steady_clock::now();
        if (left <= Duration::zero()) return false;
        pollfd ready{impl_->epoll_fd, POLLIN, 0};
        const auto left_ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
        (void)::poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left_ms + 1, 1000)));
    }
}

void NetThread::watch(int fd, FdHandler& handler) {
    impl_->net_thread.check();
    impl_->handlers[fd] = &handler;
    impl_->add_epoll(fd);
}

void NetThread::unwatch(int fd) {
    impl_->net_thread.check();
    if (impl_->handlers.erase(fd) == 0) return;
    epoll_ctl(impl_->epoll_fd, EPOLL_CTL_DEL, fd, nullptr);
}

std::shared_ptr<void>& NetThread::shared_place(std::type_index type) {
    impl_->net_thread.check();
    return impl_->shared[type];
}

ReceiveBatch& NetThread::receive_batch() {
    return impl_->batch;
}

Timer::Timer(NetThread& net, std::function<void()> on_due)
    : net_(net), on_due_(std::move(on_due)) {}

Timer::~Timer() {
    stop();
}

void Timer::start_at(Timestamp due) {
    stop();
    NetThread::Impl& impl = *net_.impl_;
    impl.net_thread.check();
    due_ = due;
    order_ = ++impl.timers_started;
    running_ = true;
    const auto placed = impl.timers.emplace(std::pair(due_, order_), this).first;
    if (placed == impl.timers.begin()) impl.arm();
}

void Timer::stop() {
    if (!running_) return;
    net_.impl_->net_thread.check();
    net_.impl_->timers.erase({due_, order_});
    running_ = false;
}

Wakeup::Wakeup(NetThread& net, std::function<void()> on_wake)
    : net_(net), on_wake_(std::move(on_wake)) {}

Wakeup::~Wakeup() {
    net_.impl_->net_thread.check();
    net_.impl_->forget(*this);
}

void Wakeup::notify() {
    net_.impl_->notify(*this);
}

}  // namespace mcu
