"""Screen: one prompt at the foot of the terminal that is always there, live lines above it, and
everything settled above those, in the terminal's own scrollback.

Knows nothing of conversations: it calls back with lines, Ctrl-C and Ctrl-D.
"""

from collections.abc import Callable, Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import set_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import BufferControl, ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.renderer import Renderer
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets import SearchToolbar
from rich.text import Text
from wcwidth import wcswidth

from bot.surfaces.terminal import Terminal, ansi

_STYLE = Style.from_dict(
    {
        "prompt": "bold",
        "toolbar": "ansibrightblack",
        "completion-menu": "noinherit",
        "completion-menu.completion": "noinherit",
        "completion-menu.completion.current": "noinherit reverse",
        "completion-menu.meta.completion": "noinherit ansibrightblack",
        "completion-menu.meta.completion.current": "noinherit ansibrightblack",
    }
)
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"  # between them a terminal that can shows nothing half done


class _Reflowing(Renderer):
    """A renderer that finds its place again after the terminal wrapped its lines anew, and that never
    asks where the cursor is (an answer would come in among what is typed)."""

    reflows = True

    def request_absolute_cursor_position(self) -> None:
        pass

    def erase(self, leave_alternate_screen: bool = True) -> None:
        if extra := self._rows_by_wrapping():
            self.output.cursor_up(extra)
        super().erase(leave_alternate_screen)

    def render(self, app: Application[None], layout: Layout, is_done: bool = False) -> None:
        if self._last_size is not None and self._last_size != self.output.get_size():
            self.erase(leave_alternate_screen=False)
        super().render(app, layout, is_done)

    def _rows_by_wrapping(self) -> int:
        screen, size = self.last_rendered_screen, self._last_size
        width = self.output.get_size().columns
        if not self.reflows or screen is None or size is None or width >= size.columns or width < 1:
            return 0
        extra = self._cursor_pos.x // width
        for y in range(self._cursor_pos.y):
            row = screen.data_buffer[y]
            cells = max((x for x, char in row.items() if char.char.strip()), default=0)
            extra += cells // width
        return extra


class Screen:
    """``on_line`` gets what was entered; ``on_stop`` is Ctrl-C with nothing typed, ``on_leave``
    Ctrl-D with nothing typed; ``toolbar`` and ``live(rows)`` say what to draw."""

    def __init__(
        self,
        terminal: Terminal,
        *,
        history: History,
        completer: Completer,
        on_line: Callable[[str], None],
        on_stop: Callable[[], None],
        on_leave: Callable[[], None],
        toolbar: Callable[[], str],
        live: Callable[[], Sequence[Text]],
        source: Input | None = None,
        sink: Output | None = None,
    ) -> None:
        self._terminal = terminal
        self._on_line, self._on_stop, self._on_leave = on_line, on_stop, on_leave
        self._toolbar, self._live = toolbar, live
        self._buffer = Buffer(
            history=history, completer=completer, complete_while_typing=True, multiline=True, enable_history_search=True
        )
        depth = ColorDepth.DEPTH_4_BIT if terminal.color else ColorDepth.DEPTH_1_BIT
        self._app: Application[None] = Application(
            layout=self._layout(),
            key_bindings=self._keys(),
            style=_STYLE,
            color_depth=depth,
            include_default_pygments_style=False,
            input=source,
            output=sink,
            erase_when_done=True,
        )
        self._app.ttimeoutlen = 0.1
        renderer = _Reflowing(self._app.renderer.style, self._app.output)
        renderer.reflows = terminal.reflows
        self._app.renderer = renderer

    @property
    def width(self) -> int:
        """Cells a line may have. One is left free: a full line makes some terminals wrap."""
        return max(self._app.output.get_size().columns - 1, 10)

    @property
    def typed(self) -> str:
        """What stands at the prompt and is not entered yet."""
        return self._buffer.text

    async def run(self) -> None:
        """Until ``leave``."""
        await self._app.run_async()

    def leave(self) -> None:
        """Ends ``run``; the prompt and the live lines go away."""
        if self._app.is_running and not self._app.is_done:
            self._app.exit()

    def clear(self) -> None:
        """Forgets what is typed and not entered."""
        self._buffer.reset()

    def put_back(self, text: str) -> None:
        """Puts ``text`` before what is typed, to be edited or entered again."""
        self._buffer.text = "\n".join(filter(None, [text, self._buffer.text]))
        self._buffer.cursor_position = len(self._buffer.text)

    def print(self, lines: Sequence[Text]) -> None:
        """Lines for good. They end up above the live ones, in the scrollback."""
        written = "".join(f"{row}\r\n" for row in ansi(lines, self._terminal.color))
        output, renderer = self._app.output, self._app.renderer
        if not self._app.is_running:
            output.write_raw(written)
            output.flush()
            return
        output.write_raw(_BEGIN)
        renderer.erase(leave_alternate_screen=False)
        output.write_raw(written)
        self._draw()
        output.write_raw(_END)
        output.flush()

    def paint(self) -> None:
        """Draws the live lines, the prompt and the toolbar anew."""
        if self._app.is_running:
            self._draw()

    def _draw(self) -> None:
        self._app.render_counter += 1  # controls keep their content for one count
        with set_app(self._app):
            self._app.renderer.render(self._app, self._app.layout)

    def _layout(self) -> Layout:
        search = SearchToolbar(ignore_case=True)
        prompt = BufferControl(
            self._buffer,
            input_processors=[BeforeInput("› ", style="class:prompt")],
            search_buffer_control=search.control,
            preview_search=True,
        )
        live = Window(FormattedTextControl(self._live_text), height=self._live_height, dont_extend_height=True)
        typed = Window(
            prompt,
            wrap_lines=True,
            dont_extend_height=True,
            height=lambda: Dimension(min=1, max=max(3, self._rows() // 2)),
            get_line_prefix=lambda number, wrapped: "  " if number or wrapped else "",
        )
        toolbar = Window(FormattedTextControl(self._toolbar_text), height=1, style="class:toolbar")
        menu = CompletionsMenu(max_height=6)
        shows = ConditionalContainer(toolbar, Condition(lambda: not self._app.is_done))
        return Layout(HSplit([live, typed, search, menu, shows, Window()]), focused_element=typed)

    def _rows(self) -> int:
        return self._app.output.get_size().rows

    def _cropped(self) -> Sequence[Text]:
        typed = sum(1 + (wcswidth(row) + 2) // (self.width + 1) for row in self._buffer.text.split("\n"))
        room = max(self._rows() - min(typed, max(3, self._rows() // 2)) - 3, 1)
        return self._live()[-room:]

    def _live_height(self) -> Dimension:
        return Dimension.exact(len(self._cropped()))

    def _live_text(self) -> AnyFormattedText:
        return ANSI("\n".join(ansi(self._cropped(), self._terminal.color)))

    def _toolbar_text(self) -> AnyFormattedText:
        row = Text(self._toolbar())
        row.truncate(self.width, overflow="ellipsis")
        return row.plain

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("enter", filter=Condition(lambda: self._app.layout.has_focus(self._buffer)))
        def _enter(event: KeyPressEvent) -> None:
            chosen = self._buffer.complete_state
            if chosen is not None and chosen.current_completion is not None:
                self._buffer.complete_state = None
                return
            if self._buffer.document.current_line_before_cursor.endswith("\\"):
                self._buffer.delete_before_cursor()
                self._buffer.newline(copy_margin=False)
                return
            text = self._buffer.text
            if text.strip():
                self._buffer.append_to_history()
            self._buffer.reset()
            self._on_line(text)

        @keys.add("escape", "enter")
        def _newline(event: KeyPressEvent) -> None:
            self._buffer.newline(copy_margin=False)

        @keys.add("tab")
        def _tab(event: KeyPressEvent) -> None:
            if self._buffer.complete_state:
                self._buffer.complete_next()
            else:
                self._buffer.start_completion(insert_common_part=True)

        @keys.add("s-tab", filter=Condition(lambda: self._buffer.complete_state is not None))
        def _back(event: KeyPressEvent) -> None:
            self._buffer.complete_previous()

        @keys.add("c-c")
        @keys.add("<sigint>")
        def _stop(event: KeyPressEvent) -> None:
            self._on_stop()

        @keys.add("c-d", filter=Condition(lambda: not self._buffer.text))
        def _leave(event: KeyPressEvent) -> None:
            self._on_leave()

        @keys.add("c-l")
        def _clear(event: KeyPressEvent) -> None:
            event.app.renderer.clear()

        return keys
