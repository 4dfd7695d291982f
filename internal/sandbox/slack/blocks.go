package slack

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"unicode/utf8"
)

const (
	mostBlocks = 50
	// sizeLimit is where Slack was seen to refuse a message; its documents name no number.
	sizeLimit = 13_200
)

// node is any object within blocks.
type node = map[string]any

// wrong is why Slack would not take blocks; empty when it would.
func wrong(blocks string) string {
	if blocks == "" {
		return ""
	}
	var all []node
	if json.Unmarshal([]byte(blocks), &all) != nil {
		return "invalid_blocks_format"
	}
	switch {
	case len(all) > mostBlocks || len(blocks) > sizeLimit:
		return "msg_blocks_too_long"
	case !slices.ContainsFunc(all, func(block node) bool { return !rightBlock(block) }) && distinct(all):
		return ""
	}
	return "invalid_blocks"
}

func rightBlock(block node) bool {
	switch block["type"] {
	case "header":
		return plain(block["text"], 150)
	case "rich_text":
		return richText(block)
	case "actions":
		elements := list(block["elements"])
		return len(elements) > 0 && len(elements) <= 25 &&
			!slices.ContainsFunc(elements, func(e node) bool { return !rightButton(e) })
	}
	return false // nothing else is posted here
}

func rightButton(button node) bool {
	address, linked := button["url"].(string)
	parsed, err := url.Parse(address)
	style, styled := button["style"]
	return button["type"] == "button" && plain(button["text"], 75) && length(button["action_id"], 1, 255) &&
		(button["value"] == nil || length(button["value"], 0, 2000)) &&
		(!linked || err == nil && parsed.IsAbs() && len(address) <= 3000) &&
		(!styled || style == "primary" || style == "danger")
}

// richText holds sections and fences, and these texts, links and mentions.
func richText(block node) bool {
	elements := list(block["elements"])
	return len(elements) > 0 && !slices.ContainsFunc(elements, func(element node) bool {
		inner := list(element["elements"])
		known := element["type"] == "rich_text_section" || element["type"] == "rich_text_preformatted"
		return !known || len(inner) == 0 || slices.ContainsFunc(inner, func(e node) bool { return !rightElement(e) })
	})
}

var member = regexp.MustCompile(`^[UW][A-Z0-9]+$`)

func rightElement(element node) bool {
	switch element["type"] {
	case "text":
		return length(element["text"], 1, sizeLimit)
	case "link":
		return length(element["url"], 1, 3000)
	case "user":
		id, _ := element["user_id"].(string)
		return member.MatchString(id)
	}
	return false
}

// distinct is true when no two buttons of a message have the same action.
func distinct(blocks []node) bool {
	seen := map[any]bool{}
	for _, block := range blocks {
		for _, element := range list(block["elements"]) {
			action, is := element["action_id"]
			if is && seen[action] {
				return false
			}
			seen[action] = true
		}
	}
	return true
}

func plain(object any, limit int) bool {
	text, ok := object.(node)
	return ok && text["type"] == "plain_text" && length(text["text"], 1, limit)
}

func length(value any, least, most int) bool {
	text, ok := value.(string)
	characters := utf8.RuneCountInString(text)
	return ok && characters >= least && characters <= most
}

func list(value any) []node {
	items, _ := value.([]any)
	nodes := make([]node, 0, len(items))
	for _, item := range items {
		object, _ := item.(node)
		nodes = append(nodes, object)
	}
	return nodes
}

// called is how a mention is written in text that Slack reads.
var called = regexp.MustCompile(`<([@!][^>|]+)`)

// mentions are those whom a message calls, in order: where Slack reads the text, and by elements of their own.
func mentions(text, blocks string) []string {
	var found []string
	read := func(text any) {
		written, _ := text.(string)
		for _, match := range called.FindAllStringSubmatch(written, -1) {
			found = append(found, match[1])
		}
	}
	read(text)
	var all any
	_ = json.Unmarshal([]byte(blocks), &all) // it was found right
	walk(all, func(object node) {
		switch object["type"] {
		case "user":
			found = append(found, fmt.Sprintf("@%s", object["user_id"]))
		case "broadcast", "usergroup":
			found = append(found, "!channel")
		case "mrkdwn":
			read(object["text"])
		}
	})
	slices.Sort(found)
	return found
}

func walk(value any, visit func(node)) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			walk(item, visit)
		}
	case node:
		visit(value)
		for _, item := range value {
			walk(item, visit)
		}
	}
}
