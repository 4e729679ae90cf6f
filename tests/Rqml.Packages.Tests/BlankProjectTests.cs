using Rqml.Docs.Tests;

namespace Rqml.Packages.Tests;

/// <summary>The packages where they are meant to be used.</summary>
public sealed class BlankProjectTests
{
    [Fact]
    public async Task The_first_example_of_the_readme_runs_in_a_blank_project()
    {
        var example = string.Join('\n', Snippet.OnPage("README.md").First().Lines);
        using var project = await BlankProject.CreateAsync(example, ["Microsoft.Extensions.Hosting", "Rqml.Core"]);
        Assert.Contains("Converged: ", await project.RunAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_package_works_in_a_blank_project()
    {
        var program = Repository.Read("tests/Rqml.Packages.Tests/Programs/EveryPackage.cs");
        using var project = await BlankProject.CreateAsync(program, ["Microsoft.Extensions.Hosting", .. Release.Ids]);
        Assert.Equal("Converged\nfound again: 1\nwritten: Dear Sir\n", await project.RunAsync());
    }

    /// <summary>All of Core is looked at, not only what the program reaches; a warning is an error.</summary>
    [Fact]
    public async Task A_program_on_Core_is_compiled_ahead_of_time_without_a_warning()
    {
        var program = Repository.Read("tests/Rqml.Packages.Tests/Programs/AheadOfTime.cs");
        using var project = await BlankProject.CreateAsync(program, ["Microsoft.Extensions.Hosting", "Rqml.Core"],
            """<PropertyGroup><PublishAot>true</PublishAot></PropertyGroup><ItemGroup><TrimmerRootAssembly Include="Rqml.Core" /></ItemGroup>""");
        Assert.Equal("Converged: 1.414213562 by NewtonStep\n", await project.PublishAndRunAsync());
    }
}
