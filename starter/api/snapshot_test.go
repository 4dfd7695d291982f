package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/group"
	"curfew/internal/people"
	"curfew/starter"
	"curfew/starter/startertest"
)

// directoryOf is a directory that does something when it is asked.
type directoryOf func()

func (asked directoryOf) Holders(context.Context, json.RawMessage, []string) ([]string, error) {
	asked()
	return []string{"alice"}, nil
}

func TestACallGoesByOneConfigurationThoughItChangesMeanwhile(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	house.Config.Directories = map[string]people.GroupSystem{"corp": {Accounts: "orders-db"}}
	house.Config.Groups = map[string]people.Group{"dba": {Directory: "corp"}}
	template := house.Config.Templates["look-round"]
	template.Requesters.Groups = []string{"dba"}
	house.Config.Templates["look-round"] = template
	carol := house.Config.People["carol"]
	carol.Name = "Carol of today"
	house.Config.People["carol"] = carol
	live, change := startertest.Changing(t, house.Config)
	renamed := *house.Config
	renamed.People = maps.Clone(renamed.People)
	carol.Name = "Carol of tomorrow"
	renamed.People["carol"] = carol
	var once sync.Once
	corp := directoryOf(func() { once.Do(func() { change(&renamed) }) })
	var err error
	house.Starter, err = starter.New(starter.Options{
		Temporal: house.Client, Config: live, Ledger: house.Ledger,
		Groups: group.New(map[string]group.Directory{"corp": corp}, nil),
	})
	require.NoError(t, err)
	house.Live = live
	d := serve(t, house)

	_, body := d.do(t, "alice", http.MethodGet, "/v1/templates", "")
	require.Contains(t, body, `"carol":"Carol of today"`, "what was found and what it is called are of one moment")
	_, body = d.do(t, "alice", http.MethodGet, "/v1/templates", "")
	require.Contains(t, body, `"carol":"Carol of tomorrow"`)
}
