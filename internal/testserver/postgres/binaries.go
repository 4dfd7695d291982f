package postgres

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// binariesVariable names the folder to take the server's programs from, before any other is looked at.
const binariesVariable = "CURFEW_POSTGRES_BIN"

var errNotInstalled = errors.New(
	"no PostgreSQL server here: run scripts/test-deps.sh (or apt-get install postgresql), " +
		"or let " + binariesVariable + " name the folder that holds initdb and postgres",
)

// binaries finds the folder of the server's programs. Debian keeps them out of the PATH, one folder for each version.
func binaries() (string, error) {
	if dir := os.Getenv(binariesVariable); dir != "" {
		if complete(dir) {
			return dir, nil
		}
		return "", errNotInstalled
	}
	if initdb, err := exec.LookPath("initdb"); err == nil && complete(filepath.Dir(initdb)) {
		return filepath.Dir(initdb), nil
	}
	versions, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	versions = slices.DeleteFunc(versions, func(dir string) bool { return !complete(dir) })
	if len(versions) == 0 {
		return "", errNotInstalled
	}
	return slices.MaxFunc(versions, func(a, b string) int { return cmp.Compare(major(a), major(b)) }), nil
}

func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}

// major is the version in a path like /usr/lib/postgresql/15/bin; 0 when there is none.
func major(dir string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return version
}
