package main

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"curfew/starter/api"
	"curfew/workflows/contract"
)

func TestEveryFieldOfThePurposeHasAFlagAndIsShown(t *testing.T) {
	t.Parallel()
	var body api.AskBody
	command := &cobra.Command{}
	askFlags(command, &body, &asking{})
	var args []string
	for _, field := range contract.PurposeFields() {
		args = append(args, "--"+field.Flag, "the "+field.Name)
	}
	require.NoError(t, command.ParseFlags(args))
	p := &program{surroundings: surroundings{now: time.Now, zone: time.UTC}}
	status := printed(t, func(page *page) { p.statusText(page, contract.Status{Purpose: body.Purpose}) })
	matter := printed(t, func(page *page) {
		p.matterText(page, nil, contract.Request{Purpose: body.Purpose}, nil, "")
	})
	for _, field := range contract.PurposeFields() {
		row := "(?m)^" + strings.ToLower(field.Label) + " +the " + field.Name + "$"
		require.Regexp(t, row, status)
		require.Regexp(t, row, matter, "what a reviewer has before them")
	}
}
