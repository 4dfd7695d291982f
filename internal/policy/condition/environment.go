package condition

import (
	"fmt"
	"reflect"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// oneByOne lets one goroutine compile at a time: CEL's checker builds its catalog of names in the environment when it
// first meets a name that it does not know, while others read it. Evaluating needs no turn.
var oneByOne sync.Mutex

// environment is what all conditions are compiled in: the same for ever, so made once.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	env, err := cel.NewEnv(
		ext.NativeTypes(
			ext.ParseStructTags(
				true,
			),
			reflect.TypeFor[Request](),
			reflect.TypeFor[Person](),
			reflect.TypeFor[Ticket](),
			reflect.TypeFor[Incident](),
		),
		cel.Variable("request", cel.ObjectType("condition.Request")),
		cel.Variable("requester", cel.ObjectType("condition.Person")),
		cel.Variable("subject", cel.ObjectType("condition.Person")),
		cel.Variable("ticket", cel.ObjectType("condition.Ticket")),
		cel.Variable("incident", cel.ObjectType("condition.Incident")),
		cel.Variable("now", cel.TimestampType),
		cel.ParserRecursionLimit(50),
		cel.ParserExpressionSizeLimit(maxText),
	)
	if err != nil {
		return nil, fmt.Errorf("make the environment of conditions: %w", err)
	}
	return env, nil
})
