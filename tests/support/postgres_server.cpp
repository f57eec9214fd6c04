#include "tests/support/postgres_server.h"

#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "common/invariant.h"

namespace tests {
namespace {

const std::string kPrograms = "/usr/lib/postgresql/15/bin/";

// Starts it as nobody where we are root; it ends with us. Says what goes wrong, when it is loud.
pid_t spawn(const std::vector<std::string>& words, bool loud = true) {
    std::vector<std::string> all;
    if (geteuid() == 0) {
        all = {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
               "--pdeathsig=KILL"};
    }
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& word : all) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    INVARIANT(child >= 0);
    if (child != 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (freopen("/dev/null", "w", stdout) == nullptr) _exit(126);
    if (!loud && freopen("/dev/null", "w", stderr) == nullptr) _exit(126);
    execvp(arguments.front(), arguments.data());
    _exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    INVARIANT(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

PostgresServer::PostgresServer() {
    std::string made = std::filesystem::temp_directory_path() / "tsr-pg-XXXXXX";
    INVARIANT(mkdtemp(made.data()) != nullptr);
    folder_ = made;
    if (geteuid() == 0) {
        const passwd* nobody = getpwnam("nobody");
        INVARIANT(nobody != nullptr);
        INVARIANT(chown(folder_.c_str(), nobody->pw_uid, nobody->pw_gid) == 0);
    }
    const int code =
        wait_for(spawn({kPrograms + "initdb", "--pgdata=" + folder_ + "/data", "--auth=trust",
                        "--username=tessera", "--no-sync", "--encoding=UTF8", "--locale=C"}));
    INVARIANT(code == 0);  // tools/setup.sh installs postgresql-15
    start();
}

PostgresServer::~PostgresServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

PostgresServer& PostgresServer::shared() {
    static PostgresServer server;
    return server;
}

void PostgresServer::start() {
    INVARIANT(server_ == 0);
    server_ = spawn({kPrograms + "postgres", "-D", folder_ + "/data", "-k", folder_, "-h", "", "-F",
                     "-c", "log_min_messages=panic", "-c", "log_min_error_statement=panic"});
    while (wait_for(spawn({kPrograms + "psql", "-q", "-h", folder_, "-U", "tessera", "-c",
                           "SELECT 1", "postgres"},
                          false)) != 0) {
        INVARIANT(waitpid(server_, nullptr, WNOHANG) == 0);
    }
}

void PostgresServer::kill() {
    if (server_ == 0) return;
    ::kill(server_, SIGCONT);
    ::kill(server_, SIGQUIT);  // immediate: with all that serve a connection
    static_cast<void>(wait_for(server_));
    server_ = 0;
}

void PostgresServer::freeze() const {
    ::kill(server_, SIGSTOP);
}

void PostgresServer::thaw() const {
    ::kill(server_, SIGCONT);
}

std::string PostgresServer::make_database() {
    if (server_ == 0) start();  // a test that failed left it so
    const std::string name = "d" + std::to_string(++databases_);
    INVARIANT(wait_for(spawn({kPrograms + "psql", "-q", "-h", folder_, "-U", "tessera", "-c",
                              "CREATE DATABASE " + name, "postgres"})) == 0);
    return url(name);
}

std::string PostgresServer::url(const std::string& database) const {
    std::string escaped;
    for (const char c : folder_) escaped += c == '/' ? std::string("%2F") : std::string(1, c);
    return "postgresql://tessera@" + escaped + "/" + database;
}

}  // namespace tests
