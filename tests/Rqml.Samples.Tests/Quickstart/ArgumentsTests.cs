using Quickstart;

namespace Rqml.Samples.Tests.Quickstart;

public sealed class ArgumentsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quickstart-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Without_words_all_have_a_default_and_the_plot_lies_in_the_stores_folder()
    {
        var arguments = Arguments.Parse([]);
        Assert.Equal((48, 1UL, Path.Combine("data", "rqml")), (arguments.Tasks, arguments.Seed, arguments.Store));
        Assert.Equal(Path.Combine("elsewhere", "convergence.svg"), Arguments.Parse(["--store", "elsewhere"]).Plot);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--labels")]
    [InlineData("--plot")]
    [InlineData("--climb")]
    public void A_file_that_cannot_be_written_is_refused_before_anything_runs(string option)
    {
        var refused = Assert.Throws<FormatException>(() => Arguments.Parse([option, _folder]));      // a folder is where the file would be
        Assert.StartsWith($"{option} is '{_folder}', which cannot be written", refused.Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => Arguments.Parse([option, Path.Combine(_folder, "nowhere", "file")]));
    }

    [Fact]
    public void A_file_that_can_be_written_is_left_as_it_was()
    {
        var (old, @new) = (Path.Combine(_folder, "old"), Path.Combine(_folder, "new"));
        File.WriteAllText(old, "kept");

        Assert.Equal((old, @new), (Arguments.Parse(["--json", old]).Json, Arguments.Parse(["--labels", @new]).Labels));
        Assert.Equal("kept", File.ReadAllText(old));
        Assert.False(File.Exists(@new));
    }

    [Theory]
    [InlineData("--tasks", "0", "a whole number from 1 to 1000")]
    [InlineData("--seed", "-1", "a whole number from 0")]
    [InlineData("--colour", "red", "--colour is no option")]
    public void What_is_out_of_range_or_unknown_is_refused_by_name(string option, string value, string fault) =>
        Assert.Contains(fault, Assert.Throws<FormatException>(() => Arguments.Parse([option, value])).Message, StringComparison.Ordinal);
}
