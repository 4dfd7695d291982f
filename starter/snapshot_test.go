package starter_test

import (
	"maps"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestASnapshotGoesByOneConfigurationToItsEnd(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	live, change := startertest.Changing(t, house.Config)
	s, err := starter.New(starter.Options{Temporal: house.Client, Config: live, Ledger: house.Ledger})
	require.NoError(t, err)

	before := s.Current()
	change(without(house.Config, "alice"))

	me, err := before.Me("alice")
	require.NoError(t, err)
	require.Equal(t, "alice", me.Name)
	_, err = s.Current().Me("alice")
	requireProblem(t, err, contract.KindForbidden, "")
}

// without is a configuration without a person.
func without(c *config.Config, person string) *config.Config {
	next := *c
	next.People = maps.Clone(c.People)
	delete(next.People, person)
	return &next
}

// A Starter does nothing for anybody: whoever forgets to take a Snapshot gets no binary.
func TestAStarterItselfDoesNothingThatDependsOnTheConfiguration(t *testing.T) {
	t.Parallel()
	of := reflect.TypeFor[*starter.Starter]()
	var methods []string
	for i := range of.NumMethod() {
		methods = append(methods, of.Method(i).Name)
	}
	require.ElementsMatch(t, []string{
		"Current",
		"Deliver", "Delivered", "VerifyDelivery", "DerivedID", "Ready", // the same by every configuration
		"EndDepartures", "TellEnds", "Watch", // each look goes by the configuration of its moment
	}, methods)
	require.False(t, reaches(reflect.TypeFor[starter.Starter](), reflect.TypeFor[config.Config]()))
	require.False(t, reaches(reflect.TypeFor[starter.Snapshot](), reflect.TypeFor[reload.Live]()))
}

// reaches is true when a struct of the starter's has a field of a type, at any depth.
func reaches(from, to reflect.Type) bool {
	for i := range from.NumField() {
		field := from.Field(i).Type
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if field == to || field.Kind() == reflect.Struct && field.PkgPath() == from.PkgPath() && reaches(field, to) {
			return true
		}
	}
	return false
}
