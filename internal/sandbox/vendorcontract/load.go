// Package vendorcontract holds the stand-ins in internal/sandbox to what the vendors publish: each request to one and
// each reply from it is checked against the vendor's OpenAPI document. Those documents are not ours to hand on, so they
// lie beside the checkout, and where they are absent nothing is checked. Only tests use this package.
package vendorcontract

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// FolderVariable names the environment variable that says where the vendors' documents are.
const FolderVariable = "CURFEW_CONTRACTS"

// ErrAbsent means that the vendor's document is not on this machine.
var ErrAbsent = errors.New("the vendor's document is absent")

// Contract is one vendor's document, ready to check requests and replies. It is safe for concurrent use.
type Contract struct {
	name   string
	modern bool // OpenAPI 3.1 or later
	router routers.Router
}

// loaded keeps what was read, by file and operations: reading takes a while, and many tests want the same.
var loaded sync.Map

// Load reads a document ("lightrun.openapi.json"). With operations ("GET /api/v1/groups", as the document spells the
// path) the contract has those only, and a request to any other breaks it.
func Load(document string, operations ...string) (*Contract, error) {
	file, err := find(document)
	if err != nil {
		return nil, err
	}
	key := strings.Join(append([]string{file}, operations...), "\n")
	read, _ := loaded.LoadOrStore(key, sync.OnceValues(func() (*Contract, error) {
		contract, err := load(file, operations)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", document, err)
		}
		return contract, nil
	}))
	return read.(func() (*Contract, error))()
}

func load(file string, operations []string) (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	fill(filepath.Base(file), doc)
	if err := cut(doc, operations); err != nil {
		return nil, err
	}
	if err := relocate(doc); err != nil {
		return nil, err
	}
	contract := &Contract{name: filepath.Base(file), modern: doc.IsOpenAPI31OrLater()}
	contract.amend(doc)
	contract.router, err = legacy.NewRouter(
		doc,
		openapi3.DisableExamplesValidation(),
		openapi3.DisableSchemaDefaultsValidation(),
		openapi3.DisableSchemaPatternValidation(),
	)
	if err != nil {
		return nil, err
	}
	return contract, nil
}

// find returns the document's path: in the folder that the environment names, or in shared/contracts beside the
// checkout.
func find(document string) (string, error) {
	folder := os.Getenv(FolderVariable)
	if folder == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		folder = filepath.Join(root, "..", "shared", "contracts")
	}
	file := filepath.Join(folder, document)
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: put it at %s, or name its folder in %s", ErrAbsent, file, FolderVariable)
	}
	if err != nil {
		return "", fmt.Errorf("find %s: %w", document, err)
	}
	return file, nil
}

func moduleRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module's root: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", fmt.Errorf(
				"%w: not inside a module, name the documents' folder in %s",
				ErrAbsent,
				FolderVariable,
			)
		}
		folder = above
	}
}

// cut leaves only the operations that are listed; an empty list leaves all.
func cut(doc *openapi3.T, operations []string) error {
	if len(operations) == 0 {
		return nil
	}
	missing := slices.Clone(operations)
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			operation := method + " " + path
			if !slices.Contains(operations, operation) {
				item.SetOperation(method, nil)
			}
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == operation })
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the document has no operation %s", strings.Join(missing, ", "))
	}
	return nil
}

// relocate makes the document fit a server on any host. A base path stays; its first parts, the context path that an
// installation chooses, may be absent.
func relocate(doc *openapi3.T) error {
	var places openapi3.Servers
	for _, server := range doc.Servers {
		base, err := server.BasePath()
		if err != nil {
			return fmt.Errorf("server %q: %w", server.URL, err)
		}
		for rest := strings.Trim(base, "/"); rest != ""; {
			places = append(places, &openapi3.Server{URL: "/" + (&url.URL{Path: rest}).EscapedPath()})
			_, rest, _ = strings.Cut(rest, "/")
		}
	}
	doc.Servers = places
	return nil
}
