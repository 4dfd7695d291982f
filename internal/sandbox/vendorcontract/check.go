package vendorcontract

import (
	"errors"
	"net/http"
	"testing"
)

// Check fails the test when a request to the handler, or its reply, breaks the vendor's contract. Where the document is
// absent it says so in the test's log, and the handler stays as it is.
func Check(t testing.TB, document string, handler http.Handler, operations ...string) http.Handler {
	t.Helper()
	contract, err := Load(document, operations...)
	if errors.Is(err, ErrAbsent) {
		t.Logf("the contract was not checked: %v", err)
		return handler
	}
	if err != nil {
		t.Fatal(err)
	}
	return contract.Wrap(func(violation error) { t.Error(violation) }, handler)
}
