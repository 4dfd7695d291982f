package seal

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// The samples of RFC 8785, appendix B, that have a JSON form.
func TestNumbersAreWrittenAsRFC8785Says(t *testing.T) {
	t.Parallel()
	for bits, written := range map[uint64]string{
		0x0000000000000000: "0",
		0x0000000000000001: "5e-324",
		0x8000000000000001: "-5e-324",
		0x7fefffffffffffff: "1.7976931348623157e+308",
		0xffefffffffffffff: "-1.7976931348623157e+308",
		0x4340000000000000: "9007199254740992",
		0xc340000000000000: "-9007199254740992",
		0x4430000000000000: "295147905179352830000",
		0x44b52d02c7e14af5: "9.999999999999997e+22",
		0x44b52d02c7e14af6: "1e+23",
		0x44b52d02c7e14af7: "1.0000000000000001e+23",
		0x444b1ae4d6e2ef4e: "999999999999999700000",
		0x444b1ae4d6e2ef4f: "999999999999999900000",
		0x444b1ae4d6e2ef50: "1e+21",
		0x3eb0c6f7a0b5ed8c: "9.999999999999997e-7",
		0x3eb0c6f7a0b5ed8d: "0.000001",
		0x41b3de4355555553: "333333333.3333332",
		0x41b3de4355555554: "333333333.33333325",
		0x41b3de4355555555: "333333333.3333333",
		0x41b3de4355555556: "333333333.3333334",
		0x41b3de4355555557: "333333333.33333343",
		0xbecbf647612f3696: "-0.0000033333333333333333",
		0x43143ff3c1cb0959: "1424953923781206.2",
	} {
		text, err := canonical(math.Float64frombits(bits))
		require.NoError(t, err, written)
		require.Equal(t, written, string(text))
	}
}

// RFC 8785, sections 3.2.2 to 3.2.4: members go by UTF-16 code units, and only what must be is escaped.
func TestTextsAndMembersAreWrittenAsRFC8785Says(t *testing.T) {
	t.Parallel()
	text, err := canonical(json.RawMessage(`{
		"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
		"\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis",
		"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/<>&\u2028", "literals": [null, true, false]
	}`))
	require.NoError(t, err)
	written := "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"literals\":[null,true,false]," +
		"\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/<>&\u2028\"," +
		"\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\"," +
		"\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"
	require.Equal(t, written, string(text))
}

func TestWhatCouldShareADigestHasNone(t *testing.T) {
	t.Parallel()
	for name, fact := range map[string]any{
		"a whole number that a double rounds": json.RawMessage(`{"n":9007199254740993}`),
		"nanoseconds since 1970":              map[string]int64{"epoch": 1763899200000000001},
		"more digits than a double has":       json.RawMessage(`[0.10000000000000000001]`),
		"a number written in another way":     json.RawMessage(`[1.0]`),
		"a number behind a quotation mark":    json.RawMessage(`["\\\\", "\"1", 1.0]`),
		"minus zero":                          json.RawMessage(`[-0]`),
		"a number beyond doubles":             json.RawMessage(`[1e400]`),
		"a key that is there twice":           json.RawMessage(`{"role":"reader","role":"owner"}`),
		"half a character":                    json.RawMessage(`"\ud800"`),
		"no JSON":                             json.RawMessage(`{`),
		"a function":                          func() {},
		"nothing":                             nil,
		"too much":                            strings.Repeat("x", maxFact),
	} {
		_, err := Digest(fact)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, name)
		require.Equal(t, contract.KindInvalid, problem.Kind, name)
		require.NotEmpty(t, problem.Fix)
	}
}

func TestNumbersInTextsAreTexts(t *testing.T) {
	t.Parallel()
	for _, fact := range []string{`["1.0"]`, `["\"1.0"]`, `["\\\"", "-0"]`, `{"1.0":true}`, `["\\", 1, "1e400"]`} {
		_, err := Digest(json.RawMessage(fact))
		require.NoError(t, err, fact)
	}
}

func TestAFactHasTheSameDigestAfterItHasTravelled(t *testing.T) {
	t.Parallel()
	type inner struct {
		List []string `json:"list,omitempty"`
	}
	type outer struct {
		Inner inner           `json:"inner,omitzero"` // is written once, and then left out
		Raw   json.RawMessage `json:"raw"`
		Text  string          `json:"text"`
		At    time.Time       `json:"at"`
		Wait  contract.Duration
	}
	fact := outer{
		Inner: inner{
			List: []string{},
		},
		Raw:  json.RawMessage("{ \"z\" : \"<&>\u2028\", \"a\" : 1 }"),
		Text: "\xff<\u2029>",
		At:   time.Now().In(time.FixedZone("CET", 3600)),
		Wait: contract.Duration{Duration: 90 * time.Minute},
	}
	before, err := Digest(fact)
	require.NoError(t, err)
	for range 3 {
		text, err := json.Marshal(fact)
		require.NoError(t, err)
		fact = outer{}
		require.NoError(t, json.Unmarshal(text, &fact))
		after, err := Digest(fact)
		require.NoError(t, err)
		require.Equal(t, before, after)
	}
}
