/** The public parts of the management console frame. */
export { type ActionGroup, ActionsPane, type ActionsPaneProps } from './ActionsPane/ActionsPane.tsx'
export { type Announce, Announcer, useAnnounce } from './Announcer/Announcer.tsx'
export { type BottomTab, BottomTabs, type BottomTabsProps } from './BottomTabs/BottomTabs.tsx'
export { ButtonRow, type ButtonRowProps, ClassicButton, type ClassicButtonProps } from './ClassicButton/ClassicButton.tsx'
export { ColumnsDialog, type ColumnsDialogProps } from './ColumnsDialog/ColumnsDialog.tsx'
export type { ColumnChoice } from './ColumnsDialog/columnsModel.ts'
export {
  type Command,
  flattenCommands,
  isEnabled,
  type MenuDefinition,
  type MenuEntry,
  parseLabel,
  plainLabel,
  runCommand,
  tidySeparators,
} from './CommandModel/CommandModel.ts'
export { isShortcut, type KeyLike, matchShortcut, parseShortcut, runShortcut } from './CommandModel/shortcut.ts'
export { ConsoleFrame, type ConsoleFrameProps } from './ConsoleFrame/ConsoleFrame.tsx'
export { type ConsoleLayout, defaultConsoleLayout } from './ConsoleFrame/consoleLayout.ts'
export { StatusBar, type StatusBarProps, type StatusCell } from './ConsoleFrame/StatusBar.tsx'
export { ConsoleTree } from './ConsoleTree/ConsoleTree.tsx'
export type { TreeNode } from './ConsoleTree/treeModel.ts'
export type { ConsoleTreeHandle, ConsoleTreeProps } from './ConsoleTree/useConsoleTree.ts'
export { ContextMenu, type ContextMenuProps } from './ContextMenu/ContextMenu.tsx'
export { CustomizeViewDialog, type CustomizeViewDialogProps, type CustomizeViewState } from './CustomizeViewDialog/CustomizeViewDialog.tsx'
export { type Detail, DetailsGrid, type DetailsGridProps } from './DetailsGrid/DetailsGrid.tsx'
export {
  DialogHost,
  type DialogHostContext,
  type DialogHostProps,
  type DialogRenderer,
  useDialogHost,
  useMessageBox,
} from './DialogWindow/DialogHost.tsx'
export { DialogWindow, type DialogWindowProps } from './DialogWindow/DialogWindow.tsx'
export { CheckBox, type CheckBoxProps, RadioButton, type RadioButtonProps, RadioGroup, type RadioGroupProps } from './Field/Choice.tsx'
export {
  Balloon,
  type BalloonProps,
  Note,
  type NoteProps,
  NumberField,
  type NumberFieldProps,
  SelectField,
  type SelectFieldProps,
  TextField,
  type TextFieldProps,
} from './Field/Field.tsx'
export { FileDialog, type FileDialogProps } from './FileDialog/FileDialog.tsx'
export { type FileEntry, type FileFilter, type FileListing, joinPath, parentPath } from './FileDialog/fileDialogModel.ts'
export { GroupBox, type GroupBoxProps } from './GroupBox/GroupBox.tsx'
export { InlineEdit, type InlineEditProps, type RenameAnswer } from './InlineEdit/InlineEdit.tsx'
export { ListView } from './ListView/ListView.tsx'
export { initialListViewState, listViewReducer } from './ListView/listViewReducer.ts'
export type {
  ListColumn,
  ListSort,
  ListViewAction,
  ListViewState,
  ShownColumn,
  SortDirection,
  SortValue,
} from './ListView/listViewTypes.ts'
export { sortRows } from './ListView/sortRows.ts'
export type { ListViewHandle, ListViewProps } from './ListView/useListInteraction.ts'
export type { Box, Point } from './Menu/menuModel.ts'
export { MenuBar, type MenuBarProps } from './MenuBar/MenuBar.tsx'
export { MessageBox, type MessageBoxAnswer, type MessageBoxButton, type MessageBoxOptions } from './MessageBox/MessageBox.tsx'
export { PaneHeader, type PaneHeaderProps } from './PaneHeader/PaneHeader.tsx'
export { PropertySheet, type PropertySheetProps } from './PropertySheet/PropertySheet.tsx'
export type { SheetItem, SheetSection } from './PropertySheet/sheetModel.ts'
export { Splitter, type SplitterProps } from './Splitter/Splitter.tsx'
export { type StackedLayout, type StackedPane, StackedPanes, type StackedPanesProps } from './StackedPanes/StackedPanes.tsx'
export { Toolbar, type ToolbarProps } from './Toolbar/Toolbar.tsx'
export { useStable } from './useStable.ts'
export { ProgressStrip, type ProgressStripProps, Wizard, type WizardProgress, type WizardProps } from './Wizard/Wizard.tsx'
export type { PagesFor, WizardPage, WizardPageProps } from './Wizard/wizardReducer.ts'
