namespace Rqml.Packages.Tests;

/// <summary>A project of a user: outside the tree, with the packages of the release in a local folder and everything else from where the user has it.</summary>
internal sealed class BlankProject : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("rqml-blank-").FullName;

    /// <summary>As `dotnet new console` makes it, with this program and these packages, and with more that is XML where it has to be.</summary>
    public static async Task<BlankProject> CreateAsync(string program, string[] packages, string more = "")
    {
        var release = await Release.Packed;
        var project = new BlankProject();
        var references = packages.Select(id => $"""<PackageReference Include="{id}" Version="{(Release.Ids.Contains(id) ? Release.Version : PinnedVersions.Of(id))}" />""");
        project.Write("Program.cs", program);
        project.Write("Blank.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <RestorePackagesPath>{PackageCache.Folder}</RestorePackagesPath>
              </PropertyGroup>
              <ItemGroup>
                {string.Join("\n    ", references)}
              </ItemGroup>
              {more}
            </Project>
            """);
        project.Write("nuget.config", $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{release.Packages}" />
              </packageSources>
            </configuration>
            """);
        return project;
    }

    /// <summary>Builds and runs it; gives what it prints.</summary>
    public Task<string> RunAsync() => Command.RunAsync(Folder, "dotnet", "run", "--configuration", "Release");

    /// <summary>Compiles it ahead of time and runs that; gives what it prints.</summary>
    public async Task<string> PublishAndRunAsync()
    {
        // The default is clang; gcc is what eng/test sees to.
        await Command.RunAsync(Folder, "dotnet", "publish", "--configuration", "Release", "--output", "published", "-p:CppCompilerAndLinker=gcc");
        return await Command.RunAsync(Folder, Path.Combine(Folder, "published", "Blank"));
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);
}
