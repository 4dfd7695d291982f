package exactjson_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/exactjson"
	"curfew/workflows/contract"
)

// body is of the sorts that bodies are made of.
type body struct {
	Reason   string            `json:"reason"`
	Duration contract.Duration `json:"duration,omitzero"`
	At       time.Time         `json:"at,omitzero"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Inner    struct {
		ID string `json:"id"`
	} `json:"inner,omitzero"`
}

func TestKeysMatchExactlyAndOccurOnce(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"reason":"a","reason":"b"}`:      "the key /reason is there twice",
		`{"inner":{"id":"a","id":"b"}}`:    "the key /inner/id is there twice",
		`{"x":1,"x":2}`:                    "the key /x is there twice",
		`{"reason":"a","\u0072eason":"b"}`: "the key /reason is there twice",
		`{"reason":"a"} {}`:                "it is no JSON: at byte 15",
		`{"reason":`:                       "it is no JSON",
		`{"reason":7}`:                     "/reason can't be a number",
		`{"duration":"soon"}`:              "/duration: ",
		"{\"reason\":\"\xff\"}":            "it is no JSON",
	} {
		var read body
		require.ErrorContains(t, exactjson.Unmarshal([]byte(text), &read), want, text)
	}
	var read body
	require.NoError(t, exactjson.Unmarshal([]byte(`{"Reason":"a","REASON":"b","inner":{"ID":"c"}}`), &read))
	require.Equal(t, body{}, read, "another spelling is another key")
	require.ErrorContains(t, exactjson.UnmarshalKnown([]byte(`{"Reason":"a"}`), &read), "there is no key /Reason")
	require.NoError(t, exactjson.UnmarshalLoose([]byte("{\"reason\":\"\xff\"}"), &read))
	require.Equal(t, "\ufffd", read.Reason)
}

func TestWhatIsWellIsReadAsUsual(t *testing.T) {
	t.Parallel()
	const text = `{"reason":"a","duration":"1h30m","at":"2027-01-31T22:00:00Z","raw":{"b":[1,2]},"inner":{"id":"c"}}`
	var exact, usual body
	require.NoError(t, exactjson.UnmarshalKnown([]byte(text), &exact))
	require.NoError(t, json.Unmarshal([]byte(text), &usual))
	require.Equal(t, usual, exact)
	var plain, asUsual any
	require.NoError(t, exactjson.Unmarshal([]byte(text), &plain))
	require.NoError(t, json.Unmarshal([]byte(text), &asUsual))
	require.Equal(t, asUsual, plain)
}
