package activities

import (
	"context"

	"curfew/workflows/contract"
)

// carrier is the input of an activity that may come with a part of its request's story.
type carrier[In any] interface {
	Split() (*contract.RecordInput, In)
}

// RecordFirst puts the story that comes with an activity on record before the activity does its own work. A ledger that
// is away is tried again. When it does not take the story nothing else is done, and the answer is unrecorded.
func RecordFirst[In carrier[In], Out any](
	record func(context.Context, contract.RecordInput) (contract.RecordResult, error),
	unrecorded Out,
	run func(context.Context, In) (Out, error),
) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		story, in := in.Split()
		if story == nil {
			return run(ctx, in)
		}
		result, err := record(ctx, *story)
		switch {
		case err != nil && Passes(err):
			var none Out
			return none, Error(err)
		case err != nil, result.Missing > 0:
			return unrecorded, nil
		}
		return run(ctx, in)
	}
}
