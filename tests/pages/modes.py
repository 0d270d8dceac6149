"""What a page must bear: narrow screens, large text, forced colours, no motion, paper, a keyboard alone. Each names its faults."""

import asyncio

from playwright.async_api import Page

from tests.ui.tab import NARROW, WIDE

STOPS = """() => {
  const shown = each => each.checkVisibility({checkVisibilityCSS: true});
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')];
  const radios = new Set();
  return all.filter(each => {
    if (!shown(each) || each.disabled || each.type === 'hidden' || each.tabIndex < 0) return false;
    if (each.type !== 'radio') return true;
    const group = document.querySelectorAll(`input[type=radio][name="${CSS.escape(each.name)}"]`);
    const chosen = [...group].find(one => one.checked) || group[0];
    return each === chosen;
  });
}"""
CLIPPED = """() => [...document.querySelectorAll('main *, header *')].filter(each => {
  if (each.closest('svg, .hide, .tall, .scroll, pre, select, textarea, input')) return false;
  const style = getComputedStyle(each);
  if (style.overflowX === 'visible' || style.display === 'inline' || !each.innerText) return false;
  return each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1;
}).map(each => each.localName + '.' + each.className)"""
CUT_WITH = f"""([selector, style]) => {{
  const cut = {CLIPPED}, before = cut(), element = document.querySelector(selector);
  element.style.cssText = style;
  const after = cut(), width = document.documentElement.scrollWidth;
  element.style.cssText = '';
  return [after.filter(each => !before.includes(each)), width];
}}"""
"""What a style cuts, and how wide it makes the page; nothing is drawn meanwhile."""
SPACING = "line-height: 1.5; letter-spacing: .12em; word-spacing: .16em"
MOVING = """() => [...document.querySelectorAll('*')].filter(each => {
  const style = getComputedStyle(each);
  const longest = words => Math.max(...words.split(',').map(word => parseFloat(word) * (word.trim().endsWith('ms') ? .001 : 1)));
  return longest(style.transitionDuration) > .01 || longest(style.animationDuration) > .01 || style.scrollBehavior === 'smooth';
}).map(each => each.localName + '.' + each.className)"""
UNMARKED = """() => {
  const line = (style, side) => style[`border${side}Style`] !== 'none' && parseFloat(style[`border${side}Width`]) > 0;
  const lined = style => ['Top', 'Bottom', 'Left', 'Right'].some(side => line(style, side));
  const told = each => each.localName + '.' + each.className;
  const shown = [...document.querySelectorAll('.btn, input:not([type=hidden], [type=image]), select, textarea, .badge, .note, .chip, a[aria-current]')]
    .filter(each => each.checkVisibility());
  return shown.filter(each => {
    const style = getComputedStyle(each), around = getComputedStyle(each.parentElement);
    const drawn = ['checkbox', 'radio', 'file'].includes(each.type) && style.appearance !== 'none';
    const text = each.matches('.btn.text') && (style.textDecorationLine.includes('underline') || parseFloat(style.fontWeight) >= 600);
    const current = each.matches('[aria-current]') && (parseFloat(style.fontWeight) >= 600 || style.textDecorationLine !== 'none');
    return !(lined(style) || (each.matches('input') && lined(around)) || drawn || text || current);
  }).map(told);
}"""
PRINTED = """() => [...document.querySelectorAll('nav, form, button, .btn, .foot, iframe, input, textarea:not([readonly]), select')]
  .filter(each => each.checkVisibility()).map(each => each.localName + '.' + each.className)"""
UNTURNED = r"""() => [...document.querySelectorAll('main *')].filter(each => {
  const own = [...each.childNodes].filter(node => node.nodeType === 3).map(node => node.textContent).join('').trim();
  return /^[\u0590-\u08ff]/.test(own) && getComputedStyle(each).direction !== 'rtl';
}).map(each => each.localName + '.' + each.className + ' «' + each.textContent.trim().slice(0, 20) + '»')"""
UNSIZED = """() => [...document.querySelectorAll('img, svg, iframe, video')].filter(each => {
  if (each.parentElement.closest('svg')) return false;
  const told = each.computedStyleMap(), said = name => String(told.get(name)) !== 'auto';
  const wide = each.hasAttribute('width') || said('width'), high = each.hasAttribute('height') || said('height');
  return !(wide && (high || said('aspect-ratio') || each.hasAttribute('viewBox')));
}).map(each => each.localName + '.' + (each.getAttribute('class') || ''))"""
MIRROR = """() => {
  const root = document.documentElement, before = root.dir;
  root.dir = 'rtl';
  const wide = root.scrollWidth;
  root.dir = before;
  return wide;
}"""
LENGTHEN = r"""() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), texts = [];
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (/[a-z]{3}/i.test(walker.currentNode.data) && !parent.closest('svg, pre, code, textarea, select, .scroll')) texts.push(walker.currentNode);
  }
  const before = texts.map(each => each.data);
  for (const each of texts) each.data = each.data + ' ' + 'ñandu '.repeat(Math.ceil(each.data.trim().length * .4 / 6));
  const wide = document.documentElement.scrollWidth;
  texts.forEach((each, place) => { each.data = before[place]; });
  return wide;
}"""
"""A page as another language would have it: its width; nothing stays changed."""
WIDTHS = f"() => [document.documentElement.scrollWidth, ({MIRROR})(), ({LENGTHEN})()]"
BUILT_OF = """() => {
  const ATTRIBUTES = ['class', 'type', 'role', 'tabindex', 'dir', 'inert', 'open', 'disabled', 'readonly', 'hidden', 'autofocus',
    'aria-current', 'aria-disabled', 'aria-invalid', 'aria-sort', 'aria-busy', 'data-scheme', 'data-territory', 'style'];
  const NAMES = ['href', 'alt', 'aria-label', 'aria-labelledby', 'aria-describedby', 'for', 'lang', 'scope', 'title', 'autocomplete'];
  const describe = element => element.localName + NAMES.filter(name => element.hasAttribute(name)).map(name => `|${name}`).join('')
    + ATTRIBUTES.filter(name => element.hasAttribute(name)).map(name => `|${name}=${element.getAttribute(name)}`).join('');
  const elements = [...document.querySelectorAll('body, body *:not(svg *)')];
  const addresses = [...document.styleSheets, ...document.scripts].map(file => file.href || file.src).filter(address => address);
  return [...new Set([
    ...elements.map(element => `${describe(element.parentElement)} > ${describe(element)}`),
    ...addresses.map(address => new URL(address).pathname),
  ])];
}"""
"""Each element in its parent, with all of it that a style or the focus looks at, what names it, and each file of styles or script."""
ROUNDING = 1
"""Pixels that fractions of columns leave when a page is mirrored."""
BEYOND = 8
"""How often Tab is pressed after the last control: frames and what scrolls have stops of their own."""
WATCH = f"""() => {{
  const stops = ({STOPS})();
  window.reached = []; window.unseen = [];
  document.addEventListener('focusin', event => {{
    const each = event.target, place = stops.indexOf(each);
    const style = getComputedStyle(each);
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    if (place >= 0 && window.reached.at(-1) !== place) window.reached.push(place);
    if (!ring) window.unseen.push(each.localName + '.' + each.className);
  }});
  window.stops = stops;
  return stops.length;
}}"""
MISSED = """() => [window.stops.filter((_, place) => !window.reached.includes(place)).map(each => each.outerHTML.slice(0, 90)),
  window.unseen, window.reached, window.stops[0]?.matches('.skip')]"""


async def reflow(page: Page) -> list[str]:
    """At 400 % nothing scrolls sideways (RGAA 10.11)."""
    await page.set_viewport_size(NARROW)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    await page.set_viewport_size(WIDE)
    return tell_reflow(wide)


def tell_reflow(wide: int) -> list[str]:
    """What is wrong with a page of this width on a narrow screen."""
    if wide > NARROW["width"]:
        return [f"it is {wide} wide on a screen of 320"]
    return []


async def large_text(page: Page) -> list[str]:
    """Text twice as large is neither cut nor out of the screen (RGAA 10.4)."""
    clipped_elements, wide = await page.evaluate(CUT_WITH, ["html", "font-size: 200%"])
    faults = [f"large text is cut in {element}" for element in clipped_elements]
    if wide > WIDE["width"]:
        faults.append(f"with large text it is {wide} wide on a screen of 1280")
    return faults


async def spaced_text(page: Page) -> list[str]:
    """Spacing of text that a reader chooses cuts nothing (RGAA 10.12)."""
    clipped_elements, _ = await page.evaluate(CUT_WITH, ["body", SPACING])
    return [f"spaced text is cut in {element}" for element in clipped_elements]


async def forced_colours(page: Page) -> list[str]:
    """With forced colours, controls, states and the present page keep a line, a weight or their own drawing (RGAA 3.1, 10.5)."""
    await page.emulate_media(forced_colors="active")
    unmarked = await page.evaluate(UNMARKED)
    await page.emulate_media(forced_colors="none")
    return [f"with forced colours nothing marks {element}" for element in unmarked]


async def no_motion(page: Page) -> list[str]:
    """Nothing moves for who asks for no motion, as every tab of these tests does (RGAA 13.8)."""
    return [f"{element} moves" for element in await page.evaluate(MOVING)]


async def paper(page: Page) -> list[str]:
    """On paper there is what is read: no menu, no form."""
    await page.emulate_media(media="print")
    printed = await page.evaluate(PRINTED)
    await page.emulate_media(media="screen")
    return [f"{element} is printed" for element in printed]


async def directions(page: Page) -> list[str]:
    """A text that begins from right to left is laid out so (RGAA 8.10)."""
    return [
        f"{element} reads from left to right"
        for element in await page.evaluate(UNTURNED)
    ]


async def keyboard(page: Page) -> list[str]:
    """Tab reaches every control in the order of the page, each visibly, and leaves at the end (RGAA 7.3, 10.7, 12.7 to 12.9).

    The key is held down: to let it go each time took half as long again. Where the page gives the focus to what has just changed, the order begins there.
    """
    count = await page.evaluate(WATCH)
    await asyncio.gather(*(page.keyboard.down("Tab") for _ in range(count + BEYOND)))
    await page.keyboard.up("Tab")
    missed, unseen, reached, skips = await page.evaluate(MISSED)
    faults = [f"Tab does not reach {control}" for control in missed] + [
        f"focus cannot be seen on {control}" for control in unseen
    ]
    if count and not skips and await page.locator("header").count():
        faults.append("the first stop does not lead to the content")
    first = reached[: len(set(reached))]
    if first and await page.locator("[autofocus]").count():
        top = first.index(min(first))
        first = first[top:] + first[:top]
    return faults + (
        [f"Tab does not follow the order of the page: {reached}"]
        if first != sorted(first)
        else []
    )


async def list_parts(page: Page) -> set[str]:
    """What a page is built of, whatever its words: what is built of the same takes styles and the focus alike."""
    return set(await page.evaluate(BUILT_OF))


async def list_widths(page: Page) -> list[tuple[str, str]]:
    """What scrolls sideways, by name of check: on a narrow screen, and on both in other languages.

    One may be written from right to left, or need two fifths more letters. A screen is narrowed once for all three.
    """
    faults = []
    for size in (WIDE, NARROW):
        if page.viewport_size != size:
            await page.set_viewport_size(size)
        wide, mirrored_wide, longer = await page.evaluate(WIDTHS)
        if size == NARROW:
            faults += [("reflow", message) for message in tell_reflow(wide)]
        faults += [
            ("mirrored", f"{name} it is {other} wide on {size['width']}")
            for name, other in (
                ("mirrored", mirrored_wide),
                ("with longer words", longer),
            )
            if other > size["width"] + ROUNDING
        ]
    await page.set_viewport_size(WIDE)
    return faults


async def mirrored(page: Page) -> list[str]:
    """In a language that is written from right to left, or that needs two fifths more letters, nothing scrolls sideways."""
    return [message for name, message in await list_widths(page) if name == "mirrored"]


async def unsized(page: Page) -> list[str]:
    """A picture takes its place before it comes: its width and height, or one and its shape, are said."""
    return [
        f"{picture} has no size of its own" for picture in await page.evaluate(UNSIZED)
    ]


MODES = {
    "reflow": reflow, "large text": large_text, "spaced text": spaced_text, "forced colours": forced_colours, "no motion": no_motion,
    "paper": paper, "directions": directions, "keyboard": keyboard,
}  # fmt: skip
