package people

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/internal/strictyaml"
)

// directory has two people with these accounts on a target, and these e-mail addresses.
func directory(one, other string) *Directory {
	return &Directory{
		OIDC: &OIDC{PersonClaim: ClaimEmail},
		People: map[string]Person{
			"one":   {Login: one, Accounts: map[string]string{"db": one}},
			"other": {Login: other, Accounts: map[string]string{"db": other}},
		},
	}
}

// mistakes are those that one of the checks finds.
func mistakes(of *Directory, look func(check, strictyaml.Path)) strictyaml.Errors {
	targets := strictyaml.SectionOf("target", "targets", map[string]bool{"db": true}, "")
	c := check{Reader: strictyaml.NewReader(""), directory: of, beside: Beside{Targets: targets}}
	look(c, strictyaml.Path{"people"})
	return c.Mistakes
}

func TestWhoIsTwoPeopleWhenTheFileIsReadIsNeverOneWhenItIsUsed(t *testing.T) {
	t.Parallel()
	letters := rapid.SampledFrom(
		[]rune{'a', 'A', 's', 'S', 'ſ', 'k', 'K', '\u212a', 'ä', 'Ä', 'ß', 'ẞ', 'i', 'I', 'ı', 'İ', '@', '.'},
	)
	rapid.Check(t, func(rt *rapid.T) {
		one := string(rapid.SliceOfN(letters, 1, 4).Draw(rt, "one"))
		other := strings.Map(func(r rune) rune { // mostly a letter that is the same to some system
			for range rapid.IntRange(0, 3).Draw(rt, "steps") {
				r = unicode.SimpleFold(r)
			}
			return r
		}, one) + rapid.SampledFrom([]string{"", "", "", "x"}).Draw(rt, "more")
		c := directory(one, other)
		accepted := len(mistakes(c, check.accounts)) == 0
		require.Equal(
			rt,
			accepted,
			len(mistakes(c, check.logins)) == 0,
			"accounts and logins go by one rule: %q, %q",
			one,
			other,
		)
		if strings.EqualFold(one, other) {
			require.False(rt, accepted, "a system may take %q for %q", one, other)
		}
		for _, presented := range []string{one, other, strings.ToUpper(one), strings.ToLower(other)} {
			byAccount, _ := c.PersonByAccount("db", presented)
			byLogin, _ := c.PersonByLogin(presented)
			if accepted {
				require.Equal(rt, byAccount, byLogin, "%q of %q and %q", presented, one, other)
			}
		}
		if accepted {
			found, _ := c.PersonByAccount("db", one)
			require.Equal(rt, "one", found)
			found, _ = c.PersonByAccount("db", other)
			require.Equal(rt, "other", found)
		}
	})
}

func TestAnAccountThatOnlyLooksLikeSomebodysIsNobodys(t *testing.T) {
	t.Parallel()
	c := directory("sam", "kim")
	for presented, person := range map[string]string{"sam": "one", "SAM": "one", "ſam": "", "\u212aim": "", "Kim": "other", "": ""} {
		found, known := c.PersonByAccount("db", presented)
		require.Equal(t, person, found, presented)
		require.Equal(t, person != "", known)
		found, _ = c.PersonByLogin(presented)
		require.Equal(t, person, found, presented)
	}
}

func TestAnAccountHasNoSpaceAroundIt(t *testing.T) {
	t.Parallel()
	found := mistakes(directory("ada", "ada "), check.accounts)
	require.Len(t, found, 1)
	require.Equal(t, "people.other.accounts.db", found[0].Field)
}
